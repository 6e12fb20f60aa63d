-- What a source brought lately is asked for often.

CREATE INDEX attempt_source ON attempt (source, time);
