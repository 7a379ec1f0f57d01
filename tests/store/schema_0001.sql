-- A database of version 0001_rooms as it was, for the test that every later version opens it.
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0001_rooms');
CREATE TABLE events (
	room_id VARCHAR(40) NOT NULL, 
	event INTEGER NOT NULL, 
	type VARCHAR(16) NOT NULL, 
	seq INTEGER, 
	body JSON NOT NULL, 
	checksum INTEGER, 
	CONSTRAINT pk_events PRIMARY KEY (room_id, event), 
	CONSTRAINT fk_events_room_id_rooms FOREIGN KEY(room_id) REFERENCES rooms (id) ON DELETE CASCADE
)
 WITHOUT ROWID

;
INSERT INTO "events" VALUES('room-1',1,'message',1,'{}',NULL);
CREATE TABLE loads (
	id INTEGER NOT NULL, 
	model TEXT NOT NULL, 
	seconds FLOAT NOT NULL, 
	at VARCHAR(32) NOT NULL, 
	checksum INTEGER, 
	CONSTRAINT pk_loads PRIMARY KEY (id)
);
CREATE TABLE members (
	room_id VARCHAR(40) NOT NULL, 
	name_key TEXT NOT NULL, 
	name TEXT NOT NULL, 
	kind VARCHAR(16) NOT NULL, 
	model TEXT, 
	position INTEGER NOT NULL, 
	joined_at VARCHAR(32) NOT NULL, 
	capabilities JSON NOT NULL, 
	checksum INTEGER, 
	CONSTRAINT pk_members PRIMARY KEY (room_id, name_key), 
	CONSTRAINT fk_members_room_id_rooms FOREIGN KEY(room_id) REFERENCES rooms (id) ON DELETE CASCADE
);
INSERT INTO "members" VALUES('room-1','mizuho','Mizuho','agent',NULL,0,'2026-11-21T04:00:00.000000Z','[]',NULL);
CREATE TABLE messages (
	id VARCHAR(40) NOT NULL, 
	room_id VARCHAR(40) NOT NULL, 
	seq INTEGER NOT NULL, 
	sender TEXT NOT NULL, 
	kind VARCHAR(16) NOT NULL, 
	content TEXT NOT NULL, 
	status VARCHAR(16) NOT NULL, 
	reply_to INTEGER, 
	model TEXT, 
	host TEXT, 
	reason JSON, 
	usage JSON, 
	timings JSON, 
	attachments JSON NOT NULL, 
	created_at VARCHAR(32) NOT NULL, 
	deleted BOOLEAN NOT NULL, 
	owner TEXT, 
	idempotency_key TEXT, 
	checksum INTEGER, 
	CONSTRAINT pk_messages PRIMARY KEY (id), 
	CONSTRAINT fk_messages_room_id_rooms FOREIGN KEY(room_id) REFERENCES rooms (id) ON DELETE CASCADE, 
	CONSTRAINT uq_messages_key UNIQUE (room_id, owner, idempotency_key), 
	CONSTRAINT uq_messages_seq UNIQUE (room_id, seq)
);
INSERT INTO "messages" VALUES('m1','room-1',1,'You','human','こんにちは','complete',NULL,NULL,NULL,NULL,NULL,NULL,'[]','2026-11-21T04:00:00.000000Z',0,NULL,NULL,NULL);
INSERT INTO "messages" VALUES('m2','room-1',2,'Mizuho','agent','Hello, Mizuho.','complete',NULL,NULL,NULL,NULL,NULL,NULL,'[]','2026-11-21T04:00:00.000000Z',0,NULL,NULL,NULL);
CREATE TABLE preferences (
	name VARCHAR(64) NOT NULL, 
	value JSON NOT NULL, 
	checksum INTEGER, 
	CONSTRAINT pk_preferences PRIMARY KEY (name)
);
INSERT INTO "preferences" VALUES('language','"ja"',NULL);
CREATE TABLE rooms (
	id VARCHAR(40) NOT NULL, 
	name TEXT NOT NULL, 
	name_key TEXT NOT NULL, 
	policy VARCHAR(32) NOT NULL, 
	created_at VARCHAR(32) NOT NULL, 
	updated_at VARCHAR(32) NOT NULL, 
	deleted_at VARCHAR(32), 
	last_seq INTEGER NOT NULL, 
	last_event INTEGER NOT NULL, 
	planned_seq INTEGER NOT NULL, 
	checksum INTEGER, 
	CONSTRAINT pk_rooms PRIMARY KEY (id)
);
INSERT INTO "rooms" VALUES('room-1','Engawa','engawa','in_order','2026-11-21T04:00:00.000000Z','2026-11-21T04:00:00.000000Z',NULL,2,2,1,NULL);
CREATE TABLE sessions (
	token_hash VARCHAR(64) NOT NULL, 
	owner TEXT NOT NULL, 
	created_at VARCHAR(32) NOT NULL, 
	expires_at VARCHAR(32) NOT NULL, 
	revoked BOOLEAN NOT NULL, 
	checksum INTEGER, 
	CONSTRAINT pk_sessions PRIMARY KEY (token_hash)
);
CREATE TABLE turns (
	room_id VARCHAR(40) NOT NULL, 
	trigger_seq INTEGER NOT NULL, 
	position INTEGER NOT NULL, 
	agent TEXT NOT NULL, 
	state VARCHAR(16) NOT NULL, 
	reply_seq INTEGER, 
	checksum INTEGER, 
	CONSTRAINT pk_turns PRIMARY KEY (room_id, trigger_seq, position), 
	CONSTRAINT fk_turns_room_id_rooms FOREIGN KEY(room_id) REFERENCES rooms (id) ON DELETE CASCADE
);
CREATE INDEX ix_rooms_name_key ON rooms (name_key);
CREATE INDEX ix_messages_status ON messages (status);
CREATE INDEX ix_turns_state ON turns (state);
