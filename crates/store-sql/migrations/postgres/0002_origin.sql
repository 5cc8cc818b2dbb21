-- By which kind of credential and from where a commit was made, as far as known.
ALTER TABLE commits ADD COLUMN origin TEXT;
