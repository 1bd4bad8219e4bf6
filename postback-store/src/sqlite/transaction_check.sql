-- Fails in a transaction in which a statement failed.
SELECT 1;
