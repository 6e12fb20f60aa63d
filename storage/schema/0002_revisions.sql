-- Mentions that are edited, withdrawn, near-duplicates, or in a language that was not judged.
--
-- The table is made anew so that its identity begins with the id: an edit or a withdrawal names a
-- post of a source, whatever topics it matched.

CREATE TABLE revisable_mention (
  series INTEGER NOT NULL REFERENCES series,
  id TEXT NOT NULL,
  time INTEGER NOT NULL,
  stored INTEGER NOT NULL,
  revised INTEGER NOT NULL DEFAULT 0, -- microseconds since 1970; 0 as first posted, the largest
                                      -- integer once withdrawn for good
  withdrawn INTEGER,                  -- since when it no longer counts; NULL while it stands
  author BLOB,                        -- keyed hash; NULL when unknown or withdrawn
  text TEXT,                          -- NULL once withdrawn, or the retention time has passed
  url TEXT NOT NULL,
  language TEXT,                      -- as the source states it; NULL if it does not
  polarity TEXT NOT NULL,
  score INTEGER NOT NULL,
  availability INTEGER NOT NULL,
  scorer TEXT NOT NULL,
  copy INTEGER NOT NULL DEFAULT 0,    -- whether it repeats what was said shortly before
  UNIQUE (id, series)
);
INSERT INTO revisable_mention
  (series, id, time, stored, author, text, url, polarity, score, availability, scorer)
  SELECT series, id, time, stored, author, text, url, polarity, score, availability, scorer
  FROM mention ORDER BY rowid;
DROP TABLE mention;
ALTER TABLE revisable_mention RENAME TO mention;
CREATE INDEX mention_time ON mention (series, time, author);
CREATE INDEX mention_stored ON mention (stored) WHERE text IS NOT NULL;

-- copies and negative_copies say how many of the mentions, of the complaints, are near-duplicates.
ALTER TABLE bucket ADD COLUMN unscored INTEGER NOT NULL DEFAULT 0;
ALTER TABLE bucket ADD COLUMN copies INTEGER NOT NULL DEFAULT 0;
ALTER TABLE bucket ADD COLUMN negative_copies INTEGER NOT NULL DEFAULT 0;

ALTER TABLE late ADD COLUMN unscored INTEGER NOT NULL DEFAULT 0;
ALTER TABLE late ADD COLUMN copies INTEGER NOT NULL DEFAULT 0;
ALTER TABLE late ADD COLUMN negative_copies INTEGER NOT NULL DEFAULT 0;
