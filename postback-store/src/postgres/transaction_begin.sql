-- Begins a transaction, whatever the server's default isolation level is.
BEGIN ISOLATION LEVEL READ COMMITTED;
