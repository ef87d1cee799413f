/* The floor for appendBulk: the same rows in the same batches through SQLite's C API, one commit for each batch.
 *
 *   sqlite_rows FILE BATCHES ROWS      prints microseconds of CPU for one row
 */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

static void must(int code, sqlite3 *db) {
    if (code != SQLITE_OK && code != SQLITE_DONE) {
        fprintf(stderr, "sqlite_rows: %s\n", sqlite3_errmsg(db));
        exit(1);
    }
}

static double cpu_seconds(void) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_utime.tv_sec + usage.ru_stime.tv_sec + (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

int main(int count, char **arguments) {
    if (count != 4) return 2;
    const int batches = atoi(arguments[2]), rows = atoi(arguments[3]);
    sqlite3 *db;
    must(sqlite3_open(arguments[1], &db), NULL);
    must(sqlite3_exec(db,
        "PRAGMA page_size=8192; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-65536;"
        "PRAGMA wal_autocheckpoint=4000;"
        "CREATE TABLE rows (b INTEGER, device_key INTEGER, tsp INTEGER, n INTEGER, authid TEXT, temperature REAL,"
        " pressure REAL, count INTEGER, closed INTEGER, note TEXT, PRIMARY KEY (b, device_key, tsp, n))"
        " STRICT, WITHOUT ROWID", NULL, NULL, NULL), db);
    sqlite3_stmt *insert;
    must(sqlite3_prepare_v2(db, "INSERT INTO rows VALUES (?,?,?,?,?,?,?,?,?,?)", -1, &insert, NULL), db);
    const double begin = cpu_seconds();
    sqlite3_int64 tsp = 1790000000000;
    for (int batch = 0; batch < batches; batch++) {
        must(sqlite3_exec(db, "BEGIN", NULL, NULL, NULL), db);
        for (int row = 0; row < rows; row++, tsp++) {
            sqlite3_bind_int64(insert, 1, tsp / 60000);
            sqlite3_bind_int64(insert, 2, 7);
            sqlite3_bind_int64(insert, 3, tsp);
            sqlite3_bind_int64(insert, 4, 0);
            sqlite3_bind_text(insert, 5, "SER-0000-0001", -1, SQLITE_STATIC);
            sqlite3_bind_double(insert, 6, 20 + (row % 100) / 8.0);
            sqlite3_bind_double(insert, 7, 6.5);
            sqlite3_bind_int64(insert, 8, row);
            sqlite3_bind_int64(insert, 9, row % 2);
            sqlite3_bind_text(insert, 10, "a note of twenty chars", -1, SQLITE_STATIC);
            must(sqlite3_step(insert), db);
            must(sqlite3_reset(insert), db);
        }
        must(sqlite3_exec(db, "COMMIT", NULL, NULL, NULL), db);
    }
    printf("%.3f\n", (cpu_seconds() - begin) * 1e6 / ((double)batches * rows));
    sqlite3_finalize(insert);
    must(sqlite3_close(db), db);
    return 0;
}
