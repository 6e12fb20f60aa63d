"""What the simulated people say about the made-up service "Example"; each text names ExampleCloud.

``{part}``, ``{region}``, ``{n}``, ``{code}``, ``{who}`` and ``{when}`` are filled from ``SLOTS``.
"""

from __future__ import annotations

from enum import StrEnum


class Mood(StrEnum):
    """A kind of thing to say."""

    CHATTER = "chatter"
    PRAISE = "praise"
    COMPLAINT = "complaint"
    QUESTION = "question"
    OUTAGE = "outage"
    IS_IT_DOWN = "is it down"
    RELIEF = "relief"
    LAUNCH = "launch"


SLOTS = {
    "part": (
        "the dashboard",
        "object storage",
        "the API",
        "the console",
        "the login page",
        "the build runners",
        "the managed database",
        "the container registry",
        "the DNS service",
        "the CDN",
    ),
    "region": ("eu-west", "eu-central", "us-east", "us-west", "ap-south", "sa-east"),
    "n": ("5", "10", "15", "20", "30", "40", "50", "90"),
    "code": ("500", "502", "503", "504"),
    "who": ("my team", "our shop", "half the office", "our support desk", "everyone here"),
    "when": ("this morning", "today", "since lunch", "tonight", "this week", "right now"),
}

TEXTS = {
    Mood.CHATTER: (
        "Moving {part} to ExampleCloud {when}.",
        "Reading the ExampleCloud docs on {part}.",
        "TIL ExampleCloud bills {part} by the minute.",
        "We run {n} nodes on ExampleCloud, mostly in {region}.",
        "ExampleCloud meetup {when}, {n} seats left",
        "New blog post: how we set up {part} on ExampleCloud",
        "Our staging lives on ExampleCloud {region}, production at home.",
        "Comparing ExampleCloud with two others for {part}. Notes to follow.",
        "ExampleCloud has opened another zone in {region}.",
        "Half of my week is ExampleCloud YAML, half is meetings.",
        "Talking about {part} on ExampleCloud in {n} minutes, room 2",
        "#ExampleCloud changelog: {part} now logs to syslog",
        "Wrote {n} lines of Terraform for ExampleCloud {when}",
        "Slides on {part} and #ExampleCloud are up",
        "Day {n} of learning ExampleCloud: {part}",
        "The invoice from ExampleCloud came {when}, {n} pages of it",
    ),
    Mood.PRAISE: (
        "ExampleCloud support answered within {n} minutes. Great service!",
        "I love how simple {part} is on ExampleCloud",
        "Really happy with ExampleCloud so far, {part} is excellent",
        "Moved {n} services to ExampleCloud {when} and it was surprisingly easy",
        "Thanks @ExampleCloud for the quick help with {part}!",
        "{part} on ExampleCloud is so fast now, impressive work",
        "ExampleCloud's {region} has been super reliable for us",
        "The new ExampleCloud console is beautiful. Well done!",
        "{who} switched to ExampleCloud. Best decision this year.",
        "Big fan of how ExampleCloud handles {part}, thank you",
        "ExampleCloud cut our bill by {n} percent, awesome",
        "Honestly impressed: ExampleCloud fixed my ticket about {part} {when} :)",
        "Kudos to the ExampleCloud docs team, {part} is explained perfectly",
        "ExampleCloud just works and I appreciate that ❤️",
    ),
    Mood.COMPLAINT: (
        "ExampleCloud pricing for {part} is ridiculous",
        "Waiting {n} hours for ExampleCloud support. Disappointing.",
        "Why is {part} on ExampleCloud so painfully slow {when}?",
        "The new ExampleCloud console is confusing, I hate it",
        "ExampleCloud docs on {part} are wrong again, wasted {n} minutes",
        "ExampleCloud charged us twice {when}. Not happy.",
        "{part} on ExampleCloud keeps annoying {who}",
        "ExampleCloud's quota page is a terrible piece of design",
        "Frustrated with ExampleCloud: {n} clicks to reach {part}",
        "Another useless answer from ExampleCloud support about {part}",
        "ExampleCloud broke my build with an unwanted update, ugh, awful",
        "Sad to say we are leaving ExampleCloud, {part} is a mess",
        "ExampleCloud {region} has bad latency {when}, {n} ms on average",
        "The ExampleCloud CLI is horrible. {n} flags and no examples.",
        "Rate limits on ExampleCloud are stupid, {n} calls a minute??",
        "Terrible night: migrating {part} off ExampleCloud failed at step {n}",
    ),
    Mood.QUESTION: (
        "Does anybody use ExampleCloud for {part}?",
        "How do I move {part} to ExampleCloud {region}?",
        "What does ExampleCloud charge for {part}?",
        "Is there an ExampleCloud zone near {region}?",
        "ExampleCloud or self-hosted for {part}?",
        "Which ExampleCloud plan has {n} seats?",
        "Who here has Terraform for {part} on ExampleCloud?",
        "Can ExampleCloud send logs of {part} to InfluxDB?",
        "@ExampleCloud when does {part} come to {region}?",
        "How long does ExampleCloud keep backups, {n} days?",
        "Does ExampleCloud support IPv6 for {part}?",
        "Has anyone measured ExampleCloud {region} {when}?",
    ),
    Mood.OUTAGE: (
        "ExampleCloud is down again, this is awful",
        "ExampleCloud down in {region}, nothing works, terrible",
        "Getting error {code} from ExampleCloud {when}, so frustrating",
        "{part} on ExampleCloud is broken for {who}",
        "ExampleCloud outage!! {who} cannot work. Horrible timing.",
        "Everything on ExampleCloud fails with {code}. Ugh.",
        "Can't log in to ExampleCloud, {who} is stuck",
        "ExampleCloud unreachable for {n} minutes, status page green. Ridiculous.",
        "{n} alerts in {n} seconds, thanks for nothing ExampleCloud. Worst day.",
        "All our sites are dead because ExampleCloud {region} is dead",
        "ExampleCloud timeouts everywhere, {part} is unusable, very bad",
        "Great, ExampleCloud is down and so is my demo",
        "#ExampleCloud {code} {code} {code}... angry customers on the phone",
        "Lost {n} minutes of orders to this ExampleCloud failure. Unacceptable!",
        "ExampleCloud crashed. Anybody else suffering in {region}?",
        "Ruined my evening: ExampleCloud down, pager screaming, no reply from support",
        "{part} at ExampleCloud refuses every connection, what a disaster",
        "ExampleCloud is not working, status page says nothing, this sucks",
        "Deploys blocked for {n} minutes, ExampleCloud failing badly {when}",
        "wtf ExampleCloud, {code} on every request to {part}",
    ),
    Mood.IS_IT_DOWN: (
        "Is ExampleCloud down?",
        "Is it just me or is ExampleCloud down in {region}?",
        "ExampleCloud down for anybody else? Seeing {code}",
        "Anyone else getting {code} from {part} at ExampleCloud?",
        "ExampleCloud {region}: down or is it my network?",
        "Does {part} on ExampleCloud load for you {when}?",
    ),
    Mood.RELIEF: (
        "ExampleCloud is back, finally!",
        "And ExampleCloud {region} is up again. Phew, what a relief",
        "{part} on ExampleCloud works again, thanks for the fix",
        "ExampleCloud seems to have recovered, good",
        "Looks like ExampleCloud is back after {n} minutes. Time to catch up.",
        "ExampleCloud's back. Thank you to whoever got up for this",
        "Confirmed: ExampleCloud serves {part} again in {region}",
        "It's back! #ExampleCloud",
    ),
    Mood.LAUNCH: (
        "Wow, ExampleCloud just launched {part} for free. Love it!",
        "The new ExampleCloud runtime looks amazing",
        "ExampleCloud's launch stream is great, {part} in {n} seconds",
        "Excited to try the new ExampleCloud {part} {when}!",
        "Congrats @ExampleCloud on the launch, beautiful work",
        "ExampleCloud finally ships what {who} wished for. Awesome.",
        "Tried the ExampleCloud beta for {n} minutes, very impressive",
        "This ExampleCloud announcement is the best news {when}",
        "New from ExampleCloud: {part}, in {region} first",
        "{n} percent cheaper on the new ExampleCloud plan, nice",
    ),
}
