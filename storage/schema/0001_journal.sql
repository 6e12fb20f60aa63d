-- The journal. Instants are whole seconds since 1970 (UTC); scores are ten-thousandths, so that
-- sums are exact.

CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

-- What is counted together: the mentions of one topic in one source.
CREATE TABLE series (
  id INTEGER PRIMARY KEY,
  topic TEXT NOT NULL,
  source TEXT NOT NULL,
  since INTEGER NOT NULL,         -- what was watched before was not listened to for this topic
  UNIQUE (topic, source)
);

CREATE TABLE mention (
  series INTEGER NOT NULL REFERENCES series,
  id TEXT NOT NULL,
  time INTEGER NOT NULL,
  stored INTEGER NOT NULL,
  author BLOB,                    -- keyed hash; NULL when unknown
  text TEXT,                      -- NULL once the retention time has passed
  url TEXT NOT NULL,
  polarity TEXT NOT NULL,
  score INTEGER NOT NULL,
  availability INTEGER NOT NULL,
  scorer TEXT NOT NULL,
  UNIQUE (series, id)
);
CREATE INDEX mention_time ON mention (series, time);
CREATE INDEX mention_stored ON mention (stored) WHERE text IS NOT NULL;

-- Roll-ups by minute (60), hour (3600) and day (86400): small rows with a natural key.
CREATE TABLE bucket (
  level INTEGER NOT NULL,
  series INTEGER NOT NULL,
  time INTEGER NOT NULL,
  positive INTEGER NOT NULL,
  negative INTEGER NOT NULL,
  neutral INTEGER NOT NULL,
  authors INTEGER NOT NULL,
  score INTEGER NOT NULL,
  PRIMARY KEY (level, series, time)
) WITHOUT ROWID;

-- Who was already counted in a bucket.
CREATE TABLE bucket_author (
  level INTEGER NOT NULL,
  series INTEGER NOT NULL,
  time INTEGER NOT NULL,
  author BLOB NOT NULL,
  PRIMARY KEY (level, series, time, author)
) WITHOUT ROWID;

-- When a source was really watched: stretches that neither touch nor overlap.
CREATE TABLE coverage (
  source TEXT NOT NULL,
  start INTEGER NOT NULL,
  end INTEGER NOT NULL,
  PRIMARY KEY (source, start)
) WITHOUT ROWID;

CREATE TABLE cursor (source TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE health (
  source TEXT PRIMARY KEY,
  ok INTEGER NOT NULL,
  kind TEXT NOT NULL,
  reason TEXT NOT NULL,
  tried INTEGER NOT NULL,
  heard INTEGER,
  items INTEGER NOT NULL,
  lag REAL NOT NULL
) WITHOUT ROWID;

CREATE TABLE attempt (
  row INTEGER PRIMARY KEY AUTOINCREMENT,
  source TEXT NOT NULL,
  time INTEGER NOT NULL,
  ok INTEGER NOT NULL,
  items INTEGER NOT NULL,
  new INTEGER NOT NULL,
  lag REAL NOT NULL,
  duration REAL NOT NULL
);

CREATE TABLE reading (
  row INTEGER PRIMARY KEY AUTOINCREMENT,
  source TEXT NOT NULL,
  span TEXT NOT NULL,
  day INTEGER NOT NULL,
  distro TEXT NOT NULL,
  name TEXT NOT NULL,
  rank INTEGER NOT NULL,
  hits INTEGER NOT NULL,
  UNIQUE (source, span, day, distro)
);

CREATE TABLE event (
  row INTEGER PRIMARY KEY AUTOINCREMENT,
  kind TEXT NOT NULL,
  id TEXT NOT NULL,
  topic TEXT NOT NULL,
  time INTEGER NOT NULL,
  end INTEGER,
  title TEXT NOT NULL,
  text TEXT NOT NULL,
  url TEXT NOT NULL,
  UNIQUE (kind, id)
);
CREATE INDEX event_time ON event (time);

-- The detector: its verdicts, and its state after the last of them.
CREATE TABLE verdict (
  row INTEGER PRIMARY KEY AUTOINCREMENT,
  topic TEXT NOT NULL,
  time INTEGER NOT NULL,
  observed REAL NOT NULL,
  expected REAL NOT NULL,
  low REAL NOT NULL,
  high REAL NOT NULL,
  score REAL NOT NULL,
  state INTEGER NOT NULL,
  UNIQUE (topic, time)
);

CREATE TABLE detector (topic TEXT PRIMARY KEY, until INTEGER NOT NULL, state TEXT NOT NULL)
WITHOUT ROWID;

-- An incident as it stands, and each step of its life, never changed.
CREATE TABLE incident (
  id TEXT PRIMARY KEY,
  topic TEXT NOT NULL,
  phase TEXT NOT NULL,
  opened INTEGER NOT NULL,
  changed INTEGER NOT NULL,
  last_seen INTEGER,
  reopened INTEGER NOT NULL,
  worst TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX incident_topic ON incident (topic, opened);

CREATE TABLE change (
  row INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  incident TEXT NOT NULL REFERENCES incident,
  phase TEXT NOT NULL,
  time INTEGER NOT NULL,
  reason TEXT NOT NULL,
  url TEXT NOT NULL
);

-- One row for each channel and change. due is NULL once it was sent or given up.
CREATE TABLE notification (
  row INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  channel TEXT NOT NULL,
  incident TEXT NOT NULL,         -- empty if it tells of none
  body TEXT NOT NULL,
  created INTEGER NOT NULL,
  attempts INTEGER NOT NULL,
  due INTEGER,
  sent INTEGER,
  error TEXT NOT NULL
);
CREATE INDEX notification_due ON notification (due) WHERE due IS NOT NULL;
CREATE INDEX notification_order ON notification (channel, incident, row) WHERE due IS NOT NULL;

-- Delivery to InfluxDB. A bucket becomes a line once, when its source was read past its end
-- (sealed); what arrives later gathers in late and becomes an additional line.
CREATE TABLE outbox (id INTEGER PRIMARY KEY AUTOINCREMENT, line TEXT NOT NULL);

CREATE TABLE refused (
  id INTEGER PRIMARY KEY,
  line TEXT NOT NULL,
  reason TEXT NOT NULL,
  time INTEGER NOT NULL
);

CREATE TABLE sealed (
  level INTEGER NOT NULL,
  series INTEGER NOT NULL,
  until INTEGER NOT NULL,
  PRIMARY KEY (level, series)
) WITHOUT ROWID;

CREATE TABLE late (
  level INTEGER NOT NULL,
  series INTEGER NOT NULL,
  time INTEGER NOT NULL,
  lines INTEGER NOT NULL,         -- how many corrections were already made
  positive INTEGER NOT NULL,
  negative INTEGER NOT NULL,
  neutral INTEGER NOT NULL,
  authors INTEGER NOT NULL,
  score INTEGER NOT NULL,
  pending INTEGER NOT NULL,
  PRIMARY KEY (level, series, time)
) WITHOUT ROWID;
CREATE INDEX late_pending ON late (pending) WHERE pending;

-- Up to which row each table was turned into lines; a row's number is never used again.
CREATE TABLE exported (kind TEXT PRIMARY KEY, row INTEGER NOT NULL) WITHOUT ROWID;
