-- What an incident is about, how much it matters and with which others it belongs, what each step of
-- its life was, and windows of maintenance.

ALTER TABLE incident ADD COLUMN subject TEXT NOT NULL DEFAULT 'topic';
ALTER TABLE incident ADD COLUMN severity TEXT NOT NULL DEFAULT 'critical';
ALTER TABLE incident ADD COLUMN cluster TEXT NOT NULL DEFAULT ''; -- shared by what fell together

-- A change is never altered, but for told: 1 told to whoever wants it, 0 never told, NULL held back.
ALTER TABLE change ADD COLUMN step TEXT NOT NULL DEFAULT '';
ALTER TABLE change ADD COLUMN until INTEGER; -- how long an acknowledgement or a snooze holds
ALTER TABLE change ADD COLUMN told INTEGER;
UPDATE change SET step = phase, told = 1;
CREATE INDEX change_incident ON change (incident, row);
CREATE INDEX change_held ON change (incident) WHERE told IS NULL;

CREATE TABLE maintenance (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  topic TEXT NOT NULL,            -- empty for all of them
  start INTEGER NOT NULL,
  end INTEGER NOT NULL,
  reason TEXT NOT NULL
);
