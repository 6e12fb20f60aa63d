-- A ranking may come without its figures, and the curve of one distro is asked for often.

CREATE TABLE ranked (
  row INTEGER PRIMARY KEY AUTOINCREMENT,
  source TEXT NOT NULL,
  span TEXT NOT NULL,
  day INTEGER NOT NULL,
  distro TEXT NOT NULL,
  name TEXT NOT NULL,
  rank INTEGER NOT NULL,
  hits INTEGER,                   -- NULL if only the rank is known
  UNIQUE (source, span, day, distro)
);
INSERT INTO ranked SELECT row, source, span, day, distro, name, rank, hits FROM reading;
DROP TABLE reading;
ALTER TABLE ranked RENAME TO reading;
CREATE INDEX reading_distro ON reading (source, distro, span, day);
