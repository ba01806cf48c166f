"""The embedded ClickHouse: chDB (the ClickHouse engine) behind ClickHouse's HTTP interface.

Started as ``python -m api.embedded.clickhouse --path DIR --host 127.0.0.1 --port N``. It exists so
that the product has one code path to ClickHouse: clickhouse-connect over HTTP, whether the other
side is this process or a cluster.

Answers ``GET /ping`` and queries on ``/``: SQL in the body or in ``query=``, bound parameters
(``param_*``, in the URL or as form fields), ``database``, ``default_format``, ``query_id`` and any
setting of the engine in the URL; ``INSERT … FORMAT x`` with the rows in the body, chunked or not,
plain or with Content-Encoding lz4, zstd, gzip or deflate; errors with ClickHouse's code, text and
status; the result headers Query-Id, Format, Timezone and Summary.

What differs from a ClickHouse server:

* No users and no passwords: whoever reaches the port may do everything the grants of
  ``configuration.py`` allow. Those leave out everything that reaches beyond the data folder
  (``file()``, ``url()``, ``s3()``, ``remote()``, dictionaries, UDFs, other table and database
  engines), except the scalar function ``file()``, which chDB cannot switch off. Requests that a
  browser makes are refused.
* No sessions: ``session_id`` is ignored, and ``SET``, ``USE`` and temporary tables end with their
  request. The database ``default`` cannot hold tables: create one.
* No TLS, no compressed responses, no progress headers, no external data, no ``INTO OUTFILE``,
  ``FROM INFILE`` or ``INSERT … SELECT … FROM input()``, no query log. Result columns of an empty
  Native result are not sent (as on a server); several statements in one request are refused.
* ``query_id`` is echoed, the engine knows the query by another name. A read whose client has gone
  is stopped, a write is not.
* An insert is acknowledged once its parts are on disk. One that fails half-way, or whose client
  sends nothing for two minutes, keeps the blocks already written, as on a server. Parquet and
  Arrow files are held in memory until they are complete; ArrowStream, Native and JSONEachRow are
  not.
* A SELECT in Native, TabSeparated, CSV, RowBinary or JSONEachRow is sent as its rows come once they
  pass 1 MiB; an error after that stands at the end, as ClickHouse 25.11 writes it. With
  ``wait_end_of_query=1`` that limit is 64 MiB, and an error after it breaks the connection. Results
  in other formats are held in memory.
"""
