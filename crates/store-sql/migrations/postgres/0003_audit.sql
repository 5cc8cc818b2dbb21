-- Who did what is asked of the log newest first: what one actor did, and what is neither an entity nor a claim, are
-- found without going through the many changes of entities between.
CREATE INDEX commits_by_actor ON commits (actor, revision);
CREATE INDEX changes_of_things ON changes (id) WHERE kind IN ('blueprint', 'record');
