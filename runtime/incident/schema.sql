-- The incident file, format 1. This text is the one source: the writer runs it as it stands, and
-- FORMAT.md explains it. Times are nanoseconds: wall_ns since 1970-01-01T00:00:00Z, mono_ns of CLOCK_MONOTONIC.
-- 64-bit addresses are stored in signed INTEGERs of the same bits. NULL is "unknown" or "none" unless a column says otherwise.
--
-- text, frame, stack and arguments are content-addressed and shared by all recordings of the file; rows of them
-- are never changed or deleted. Columns named *_text hold a text.id, since they repeat in many rows.

PRAGMA application_id = 1414283851; -- 'TLBK'
PRAGMA user_version = 1;

CREATE TABLE recording (              -- one process's, or one captured log's
  id              INTEGER PRIMARY KEY,
  source          TEXT NOT NULL,      -- live, go-log, go-profile, jstack, gdb, eu-stack, core, …
  runtime         TEXT NOT NULL,      -- native, go, java, python, kernel, unknown
  instance        TEXT NOT NULL,      -- as in the Prometheus label
  file            TEXT NOT NULL,      -- the input's name; '' for live
  host            TEXT NOT NULL,
  command         TEXT NOT NULL,
  version         TEXT NOT NULL,      -- of tailback
  pid             INTEGER NOT NULL,   -- 0: unknown
  started_wall_ns INTEGER NOT NULL,   -- 0: unknown
  ended_wall_ns   INTEGER             -- NULL: still running, or ended without saying so
) STRICT;

CREATE TABLE module (                 -- executables and libraries mapped while recording
  recording_id INTEGER NOT NULL REFERENCES recording(id),
  position     INTEGER NOT NULL,
  path         TEXT NOT NULL,
  build_id     TEXT NOT NULL,         -- hexadecimal; '': none
  base         INTEGER NOT NULL,      -- load bias
  begin        INTEGER NOT NULL,      -- first and one past the last mapped address
  "end"        INTEGER NOT NULL,
  PRIMARY KEY (recording_id, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE text (
  id   INTEGER PRIMARY KEY,
  text TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE frame (
  id            INTEGER PRIMARY KEY,
  function_text INTEGER REFERENCES text(id),  -- demangled, without arguments
  file_text     INTEGER REFERENCES text(id),
  module_text   INTEGER REFERENCES text(id),
  line          INTEGER NOT NULL,             -- 0: unknown
  inlined       INTEGER NOT NULL,             -- 1: has no frame of its own, the next one out does
  address       INTEGER NOT NULL,             -- of the call (return address - 1); 0: unknown
  "offset"      INTEGER NOT NULL,             -- of the call in its module; 0: unknown
  hash          INTEGER NOT NULL              -- XXH3 of the columns above, to find a frame by content
) STRICT;
CREATE INDEX frame_hash ON frame(hash);

CREATE TABLE stack (
  id     INTEGER PRIMARY KEY,
  frames TEXT NOT NULL,               -- JSON array of frame.id, innermost first
  hash   INTEGER NOT NULL             -- XXH3 of frames, to find a stack by content
) STRICT;
CREATE INDEX stack_hash ON stack(hash);

CREATE TABLE arguments (              -- argument words that a dump prints for the frames of one thread
  id    INTEGER PRIMARY KEY,
  words BLOB NOT NULL,                -- see FORMAT.md, "Argument words"
  hash  INTEGER NOT NULL              -- XXH3 of words
) STRICT;
CREATE INDEX arguments_hash ON arguments(hash);

CREATE TABLE metric (
  id           INTEGER PRIMARY KEY,
  recording_id INTEGER NOT NULL REFERENCES recording(id),
  name         TEXT NOT NULL,         -- the word of triggers: threads, rss, heap_in_use, …
  unit         TEXT NOT NULL,         -- bytes, seconds, count, ratio
  counter      INTEGER NOT NULL,      -- 1: only ever grows
  UNIQUE (recording_id, name)
) STRICT;

CREATE TABLE sample (
  id           INTEGER PRIMARY KEY,
  recording_id INTEGER NOT NULL REFERENCES recording(id),
  wall_ns      INTEGER NOT NULL,
  mono_ns      INTEGER NOT NULL
) STRICT;
CREATE INDEX sample_time ON sample(recording_id, wall_ns);

CREATE TABLE sample_value (
  sample_id INTEGER NOT NULL REFERENCES sample(id),
  metric_id INTEGER NOT NULL REFERENCES metric(id),
  value     REAL NOT NULL,            -- in the metric's unit
  age_ns    INTEGER,                  -- how old the value was; NULL: fresh
  PRIMARY KEY (sample_id, metric_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE breach (                 -- a trigger going from quiet to fired
  recording_id   INTEGER NOT NULL REFERENCES recording(id),
  id             INTEGER NOT NULL,    -- 1, 2, … in the recording
  trigger        TEXT NOT NULL,       -- as written
  metric         TEXT NOT NULL,
  value          REAL NOT NULL,       -- at opening
  threshold      REAL NOT NULL,
  opened_wall_ns INTEGER NOT NULL,
  closed_wall_ns INTEGER,             -- NULL: open when the recording ended
  PRIMARY KEY (recording_id, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE dump (                   -- all threads at one instant
  id             INTEGER PRIMARY KEY,
  recording_id   INTEGER NOT NULL REFERENCES recording(id),
  number         INTEGER NOT NULL,    -- ascending in time within the recording
  wall_ns        INTEGER NOT NULL,
  mono_ns        INTEGER NOT NULL,
  duration_ns    INTEGER,             -- of the capture
  reason         TEXT NOT NULL,       -- trigger, "on demand: …"; '': not told
  breach_id      INTEGER,             -- breach.id of the same recording; NULL: not taken for one
  threads        INTEGER NOT NULL,    -- sum of thread.count
  threads_missed INTEGER NOT NULL,    -- known to exist, without a row
  statements     TEXT NOT NULL        -- JSON array: verdicts that the source itself printed ("all goroutines are asleep"), and what a
                                      -- live capture says of itself ("N of M threads were not looked at …")
) STRICT;

CREATE TABLE thread (
  dump_id        INTEGER NOT NULL REFERENCES dump(id),
  position       INTEGER NOT NULL,    -- 0-based; wait.thread and hold.thread refer to it
  id             ANY NOT NULL,        -- as its runtime prints it: INTEGER where that is a decimal number
  name_text      INTEGER REFERENCES text(id),
  stack_id       INTEGER REFERENCES stack(id),      -- NULL: no stack; absence_text says why
  state_text     INTEGER NOT NULL REFERENCES text(id), -- unknown, running, blocked, sleeping, io, idle, dead
  printed_text   INTEGER REFERENCES text(id),       -- the state as the source prints it
  quality_text   INTEGER REFERENCES text(id),       -- recovered, partial, missing; NULL: complete
  absence_text   INTEGER REFERENCES text(id),       -- why the stack is not there or not whole
  label_text     INTEGER REFERENCES text(id),       -- logical task
  created_by_text INTEGER REFERENCES text(id),
  arguments_id   INTEGER REFERENCES arguments(id),
  count          INTEGER,             -- threads that this row stands for; NULL: 1
  system_call    INTEGER,             -- number
  waited_ns      INTEGER,             -- how long it has been in this state
  cpu_ns         INTEGER,             -- CPU time used
  line           INTEGER,             -- 1-based, in the input
  PRIMARY KEY (dump_id, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE lock (
  dump_id      INTEGER NOT NULL REFERENCES dump(id),
  position     INTEGER NOT NULL,      -- 0-based; wait.lock and hold.lock refer to it
  address      INTEGER NOT NULL,      -- base address; 0: not told
  kind         TEXT NOT NULL,         -- mutex, rwlock, monitor, condition, channel, …
  policy       TEXT NOT NULL,         -- prefer-readers, prefer-writers, fifo, reentrant, either, unknown
  name_text    INTEGER REFERENCES text(id),
  readers      INTEGER,               -- shared holders, by its own words
  queued       INTEGER,               -- waiters, by its own words
  owner        TEXT,                  -- thread id of the exclusive owner, by its own words; ends with ' (not identified)' where a text
                                      -- names it and no thread of the dump can be identified as it
  registry_id  INTEGER,               -- instrumented_lock.id; NULL: not instrumented
  PRIMARY KEY (dump_id, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE wait (                   -- thread → lock
  dump_id   INTEGER NOT NULL,
  thread    INTEGER NOT NULL,         -- thread.position
  lock      INTEGER NOT NULL,         -- lock.position
  mode_text INTEGER NOT NULL REFERENCES text(id),   -- exclusive, shared
  front     INTEGER,                  -- 1: known to be next in line
  frame     INTEGER NOT NULL,         -- index in the stack of the outermost frame of the lock's own
  since_ns  INTEGER,                  -- how long it has waited
  PRIMARY KEY (dump_id, thread, lock)
) STRICT, WITHOUT ROWID;

CREATE TABLE hold (                   -- thread → lock
  id            INTEGER PRIMARY KEY,
  dump_id       INTEGER NOT NULL REFERENCES dump(id),
  thread        INTEGER,              -- thread.position; NULL: the owner is not among the dump's threads
  lock          INTEGER NOT NULL,     -- lock.position
  mode          TEXT NOT NULL,        -- exclusive, shared
  basis         TEXT NOT NULL,        -- observed, inferred
  frame         INTEGER,              -- index in the stack of the frame that took it
  strength      INTEGER NOT NULL,     -- inferred: 2 supports "likely", 1 only "possible"; observed: 1 when the owner's word changed
                                      -- while the dump was taken, so that it proves no ring; else 2
  evidence_text INTEGER REFERENCES text(id)
) STRICT;
CREATE INDEX hold_dump ON hold(dump_id);

CREATE TABLE instrumented_lock (      -- what lock_event.lock names
  recording_id INTEGER NOT NULL REFERENCES recording(id),
  id           INTEGER NOT NULL,      -- never used again in the recording
  address      INTEGER NOT NULL,
  kind         TEXT NOT NULL,
  policy       TEXT NOT NULL,
  name         TEXT NOT NULL,
  PRIMARY KEY (recording_id, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE lock_event (             -- one step of one thread on one lock
  recording_id   INTEGER NOT NULL REFERENCES recording(id),
  "order"        INTEGER NOT NULL,    -- total order within the recording
  mono_ns        INTEGER,
  thread         INTEGER NOT NULL,    -- logical thread, never used again in the recording
  lock           INTEGER,             -- instrumented_lock.id; NULL for thread start and end
  operation_text INTEGER NOT NULL REFERENCES text(id), -- request, acquire, release, wait, notify, …
  mode_text      INTEGER NOT NULL REFERENCES text(id),
  other          INTEGER,             -- wait: the mutex released; thread_start: the parent thread
  place_text     INTEGER REFERENCES text(id),          -- "function file:line"
  PRIMARY KEY (recording_id, "order")
) STRICT, WITHOUT ROWID;

CREATE TABLE diagnostic (             -- what could not be read or recorded, and why
  recording_id INTEGER NOT NULL REFERENCES recording(id),
  severity     TEXT NOT NULL,         -- information, data_loss, error
  file         TEXT NOT NULL,
  line         INTEGER,               -- of the first of them
  reason       TEXT NOT NULL,
  count        INTEGER NOT NULL,
  PRIMARY KEY (recording_id, reason, file)
) STRICT, WITHOUT ROWID;

CREATE TABLE counter (                -- the recorder's own: samples lost, dumps not taken by reason, …
  recording_id INTEGER NOT NULL REFERENCES recording(id),
  name         TEXT NOT NULL,
  value        INTEGER NOT NULL,
  PRIMARY KEY (recording_id, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE finding_signature (      -- what an analysis concluded, to recognise it in later incidents
  recording_id   INTEGER NOT NULL REFERENCES recording(id),
  signature      TEXT NOT NULL,
  kind           TEXT NOT NULL,
  severity       TEXT NOT NULL,
  confidence     TEXT NOT NULL,
  title          TEXT NOT NULL,
  blocked        INTEGER NOT NULL,    -- threads, in all
  first_seen_wall_ns INTEGER,
  PRIMARY KEY (recording_id, signature)
) STRICT, WITHOUT ROWID;

-- The obvious questions, one line of SQL each.

CREATE VIEW stack_text AS             -- each stack as one line, innermost function first
SELECT stack.id AS stack_id,
       (SELECT group_concat(COALESCE(t.text, printf('0x%x', f.address)), ' ← ')
          FROM (SELECT value FROM json_each(stack.frames) ORDER BY key) AS j
          JOIN frame f ON f.id = j.value LEFT JOIN text t ON t.id = f.function_text) AS stack
  FROM stack;

CREATE VIEW thread_list AS            -- every thread with its words spelled out
SELECT d.recording_id, t.dump_id, t.id AS thread, n.text AS name, s.text AS state, p.text AS printed_state,
       m.text AS wait_mode, COALESCE(ln.text, l.kind || CASE l.address WHEN 0 THEN '' ELSE printf(' 0x%x', l.address) END) AS waits_for,
       t.waited_ns / 1e9 AS waited_seconds, COALESCE(t.count, 1) AS count, b.text AS label, a.text AS no_stack_because, st.stack
  FROM thread t
  JOIN dump d ON d.id = t.dump_id
  LEFT JOIN text n ON n.id = t.name_text
  LEFT JOIN text s ON s.id = t.state_text
  LEFT JOIN text p ON p.id = t.printed_text
  LEFT JOIN text b ON b.id = t.label_text
  LEFT JOIN text a ON a.id = t.absence_text
  LEFT JOIN wait w ON w.dump_id = t.dump_id AND w.thread = t.position
  LEFT JOIN text m ON m.id = w.mode_text
  LEFT JOIN lock l ON l.dump_id = w.dump_id AND l.position = w.lock
  LEFT JOIN text ln ON ln.id = l.name_text
  LEFT JOIN stack_text st ON st.stack_id = t.stack_id;

CREATE VIEW stack_group AS            -- identical stacks by count, the newest dump first
SELECT g.recording_id, g.dump_id, datetime(g.wall_ns / 1000000000, 'unixepoch') AS time,
       g.threads AS count, printf('%.1f %%', 100.0 * g.threads / MAX(g.of, 1)) AS share, s.text AS state,
       m.text AS wait_mode, COALESCE(ln.text, l.kind || CASE l.address WHEN 0 THEN '' ELSE printf(' 0x%x', l.address) END) AS waits_for,
       COALESCE(st.stack, a.text) AS stack
  FROM (SELECT d.recording_id, d.id AS dump_id, d.wall_ns, d.threads AS of, t.stack_id, t.state_text, t.absence_text,
               w.lock, w.mode_text, SUM(COALESCE(t.count, 1)) AS threads
          FROM thread t JOIN dump d ON d.id = t.dump_id
          LEFT JOIN wait w ON w.dump_id = t.dump_id AND w.thread = t.position
         GROUP BY d.id, t.stack_id, t.state_text, t.absence_text, w.lock, w.mode_text) AS g
  LEFT JOIN text s ON s.id = g.state_text
  LEFT JOIN text a ON a.id = g.absence_text
  LEFT JOIN text m ON m.id = g.mode_text
  LEFT JOIN lock l ON l.dump_id = g.dump_id AND l.position = g.lock
  LEFT JOIN text ln ON ln.id = l.name_text
  LEFT JOIN stack_text st ON st.stack_id = g.stack_id
 ORDER BY g.dump_id DESC, g.threads DESC;

CREATE VIEW lock_queue AS             -- who waits for each lock, and who is known to hold it
SELECT d.recording_id, l.dump_id, COALESCE(ln.text, printf('0x%x', l.address)) AS lock, l.kind,
       (SELECT COUNT(*) FROM wait w JOIN text m ON m.id = w.mode_text
         WHERE w.dump_id = l.dump_id AND w.lock = l.position AND m.text = 'exclusive') AS waiting_exclusive,
       (SELECT COUNT(*) FROM wait w JOIN text m ON m.id = w.mode_text
         WHERE w.dump_id = l.dump_id AND w.lock = l.position AND m.text = 'shared') AS waiting_shared,
       COALESCE((SELECT group_concat(COALESCE(t.id, l.owner) || ' ' || h.mode || ' (' || h.basis || ')', ', ')
          FROM hold h LEFT JOIN thread t ON t.dump_id = h.dump_id AND t.position = h.thread
         WHERE h.dump_id = l.dump_id AND h.lock = l.position), 'holder not recorded') AS held_by
  FROM lock l JOIN dump d ON d.id = l.dump_id LEFT JOIN text ln ON ln.id = l.name_text
 ORDER BY l.dump_id DESC, waiting_exclusive + waiting_shared DESC;

CREATE VIEW metric_sample AS          -- every value with its time and name
SELECT s.recording_id, datetime(s.wall_ns / 1000000000, 'unixepoch') AS time, m.name, v.value, m.unit, v.age_ns / 1e9 AS age_seconds
  FROM sample_value v JOIN sample s ON s.id = v.sample_id JOIN metric m ON m.id = v.metric_id;

CREATE VIEW breach_dump AS            -- the dumps of each breach
SELECT b.recording_id, b.id AS breach_id, b.trigger, datetime(b.opened_wall_ns / 1000000000, 'unixepoch') AS opened,
       datetime(b.closed_wall_ns / 1000000000, 'unixepoch') AS closed, b.value AS value_at_opening,
       d.id AS dump_id, datetime(d.wall_ns / 1000000000, 'unixepoch') AS dumped, d.threads
  FROM breach b LEFT JOIN dump d ON d.recording_id = b.recording_id AND d.breach_id = b.id;
