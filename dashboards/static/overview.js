import { keepFresh } from "./refresh.js";

keepFresh();
