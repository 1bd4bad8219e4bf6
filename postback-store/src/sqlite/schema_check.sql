-- Reads the file of the database. It is empty for a database in memory.
SELECT file
FROM pragma_database_list
WHERE name = 'main';
