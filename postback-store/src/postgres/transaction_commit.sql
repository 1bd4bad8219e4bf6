-- Commits a transaction. The first statement fails if an earlier one failed: Postgres would report
-- the commit of such a transaction as a success. The chained transaction is empty, and is rolled
-- back when its connection returns to the pool.
SELECT 1;
COMMIT AND CHAIN;
