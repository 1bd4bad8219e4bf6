-- Begins a transaction that writes, after other writers have ended.
BEGIN IMMEDIATE;
