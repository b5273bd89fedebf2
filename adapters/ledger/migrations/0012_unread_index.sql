-- Lists by creation walk payments_newest, since ids tell the millisecond. Nothing
-- has read this one since then, and each payment wrote to it.
DROP INDEX payments_by_creation;
