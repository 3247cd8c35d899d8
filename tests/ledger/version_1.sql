-- A ledger as the first version made it, with a record, a step and a chunk.
CREATE TABLE chunk (
    stage VARCHAR(60) NOT NULL,
    "table" VARCHAR(60) NOT NULL,
    part INTEGER NOT NULL,
    rows INTEGER NOT NULL,
    last_key TEXT NOT NULL,
    sha256 VARCHAR(64) NOT NULL,
    final BOOLEAN NOT NULL,
    PRIMARY KEY (stage, "table", part)
);
INSERT INTO "chunk" VALUES('full','Users',0,12,'[12]','abc',1);
CREATE TABLE journal (
    seq INTEGER NOT NULL,
    target VARCHAR(20) NOT NULL,
    object VARCHAR(40) NOT NULL,
    source_key VARCHAR(120) NOT NULL,
    event VARCHAR(20) NOT NULL,
    detail TEXT NOT NULL,
    at VARCHAR(32) NOT NULL,
    hash VARCHAR(64) NOT NULL,
    PRIMARY KEY (seq)
);
INSERT INTO "journal" VALUES(1,'production','ticket','7','intent','{"action": "create", "external_id": "st:acme:ticket:7", "payload_hash": "abc"}','2026-11-27T11:20:07.362186+00:00','882b264a8f3c86d6cab5c712d230be9162224fd56011f35117ea60efadf77e45');
INSERT INTO "journal" VALUES(2,'production','ticket','7','outcome','{"payload_hash": "abc", "reason": null, "rule": null, "state": "created", "target_id": "900"}','2026-11-27T11:20:07.374555+00:00','7a5410f551141e65a79f51101235eab323676f1398aba6354571083d38e71c38');
CREATE TABLE lease (
    id INTEGER NOT NULL,
    holder VARCHAR(80) NOT NULL,
    process VARCHAR(200) NOT NULL,
    taken_at VARCHAR(32) NOT NULL,
    seen_at VARCHAR(32) NOT NULL,
    PRIMARY KEY (id)
);
CREATE TABLE meta (
    name VARCHAR(120) NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (name)
);
INSERT INTO "meta" VALUES('schema','1');
INSERT INTO "meta" VALUES('head','[2, "7a5410f551141e65a79f51101235eab323676f1398aba6354571083d38e71c38"]');
INSERT INTO "meta" VALUES('watermark','{"at": "2026-01-01"}');
CREATE TABLE record (
    target VARCHAR(20) NOT NULL,
    object VARCHAR(40) NOT NULL,
    source_key VARCHAR(120) NOT NULL,
    state VARCHAR(20) NOT NULL,
    rule VARCHAR(120),
    payload_hash VARCHAR(64),
    external_id VARCHAR(255),
    target_id VARCHAR(300),
    reason TEXT,
    detail JSON,
    run_id VARCHAR(40),
    at VARCHAR(32) NOT NULL,
    PRIMARY KEY (target, object, source_key)
);
INSERT INTO "record" VALUES('production','ticket','7','created',NULL,'abc','st:acme:ticket:7','900',NULL,'{"updated": "2026-01-01T00:00:00"}','r','2026-11-27T11:20:07.374594+00:00');
CREATE TABLE step (
    run_id VARCHAR(40) NOT NULL,
    step VARCHAR(40) NOT NULL,
    status VARCHAR(20) NOT NULL,
    started_at VARCHAR(32),
    finished_at VARCHAR(32),
    summary JSON,
    PRIMARY KEY (run_id, step)
);
INSERT INTO "step" VALUES('r','04_extract','done','2026-01-01','2026-01-02','{"rows": 5}');
CREATE INDEX ix_record_state ON record (state);
CREATE INDEX journal_of_record ON journal (target, object, source_key);
