-- Begins a transaction that writes. SQLite has one writer at a time: it waits for others here.
BEGIN IMMEDIATE;
