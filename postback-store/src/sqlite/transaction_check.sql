-- Fails in a transaction in which an earlier statement failed.
SELECT 1;
