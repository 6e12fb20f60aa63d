-- Messages that are sent as one: one name for all of them, empty for a message that goes alone. They
-- fall due together, and are settled together.

ALTER TABLE notification ADD COLUMN batch TEXT NOT NULL DEFAULT '';
CREATE INDEX notification_batch ON notification (batch) WHERE due IS NOT NULL;
