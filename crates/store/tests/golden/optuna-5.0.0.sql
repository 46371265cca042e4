-- A file as Optuna 5.0.0 left it (SQLAlchemy 2.1.9, SQLite): one study that maximises, with a SuccessiveHalvingPruner and
-- heartbeats, and one of two objectives. Trials 1, 6, 7 complete; 2 complete with +inf, after nan, +inf and -inf; 3 pruned;
-- 4 and 5 failed; 8 queued, then claimed; 9 imported; 10 waits; 11 has the values 1.0 and -inf.
CREATE TABLE studies (
	study_id INTEGER NOT NULL,
	study_name VARCHAR(512) NOT NULL,
	PRIMARY KEY (study_id)
);
CREATE UNIQUE INDEX ix_studies_study_name ON studies (study_name);
CREATE TABLE version_info (
	version_info_id INTEGER NOT NULL,
	schema_version INTEGER,
	library_version VARCHAR(256),
	PRIMARY KEY (version_info_id),
	CHECK (version_info_id=1)
);
CREATE TABLE study_directions (
	study_direction_id INTEGER NOT NULL,
	direction VARCHAR(8) NOT NULL,
	study_id INTEGER NOT NULL,
	objective INTEGER NOT NULL,
	PRIMARY KEY (study_direction_id),
	UNIQUE (study_id, objective),
	FOREIGN KEY(study_id) REFERENCES studies (study_id)
);
CREATE TABLE study_user_attributes (
	study_user_attribute_id INTEGER NOT NULL,
	study_id INTEGER,
	"key" VARCHAR(512),
	value_json TEXT,
	PRIMARY KEY (study_user_attribute_id),
	UNIQUE (study_id, "key"),
	FOREIGN KEY(study_id) REFERENCES studies (study_id)
);
CREATE TABLE study_system_attributes (
	study_system_attribute_id INTEGER NOT NULL,
	study_id INTEGER,
	"key" VARCHAR(512),
	value_json TEXT,
	PRIMARY KEY (study_system_attribute_id),
	UNIQUE (study_id, "key"),
	FOREIGN KEY(study_id) REFERENCES studies (study_id)
);
CREATE TABLE trials (
	trial_id INTEGER NOT NULL,
	number INTEGER,
	study_id INTEGER,
	state VARCHAR(8) NOT NULL,
	datetime_start DATETIME,
	datetime_complete DATETIME,
	PRIMARY KEY (trial_id),
	FOREIGN KEY(study_id) REFERENCES studies (study_id)
);
CREATE INDEX ix_trials_study_id ON trials (study_id);
CREATE TABLE trial_user_attributes (
	trial_user_attribute_id INTEGER NOT NULL,
	trial_id INTEGER,
	"key" VARCHAR(512),
	value_json TEXT,
	PRIMARY KEY (trial_user_attribute_id),
	UNIQUE (trial_id, "key"),
	FOREIGN KEY(trial_id) REFERENCES trials (trial_id)
);
CREATE TABLE trial_system_attributes (
	trial_system_attribute_id INTEGER NOT NULL,
	trial_id INTEGER,
	"key" VARCHAR(512),
	value_json TEXT,
	PRIMARY KEY (trial_system_attribute_id),
	UNIQUE (trial_id, "key"),
	FOREIGN KEY(trial_id) REFERENCES trials (trial_id)
);
CREATE TABLE trial_params (
	param_id INTEGER NOT NULL,
	trial_id INTEGER,
	param_name VARCHAR(512),
	param_value FLOAT,
	distribution_json TEXT,
	PRIMARY KEY (param_id),
	UNIQUE (trial_id, param_name),
	FOREIGN KEY(trial_id) REFERENCES trials (trial_id)
);
CREATE TABLE trial_values (
	trial_value_id INTEGER NOT NULL,
	trial_id INTEGER NOT NULL,
	objective INTEGER NOT NULL,
	value FLOAT,
	value_type VARCHAR(7) NOT NULL,
	PRIMARY KEY (trial_value_id),
	UNIQUE (trial_id, objective),
	FOREIGN KEY(trial_id) REFERENCES trials (trial_id)
);
CREATE TABLE trial_intermediate_values (
	trial_intermediate_value_id INTEGER NOT NULL,
	trial_id INTEGER NOT NULL,
	step INTEGER NOT NULL,
	intermediate_value FLOAT,
	intermediate_value_type VARCHAR(7) NOT NULL,
	PRIMARY KEY (trial_intermediate_value_id),
	UNIQUE (trial_id, step),
	FOREIGN KEY(trial_id) REFERENCES trials (trial_id)
);
CREATE TABLE trial_heartbeats (
	trial_heartbeat_id INTEGER NOT NULL,
	trial_id INTEGER NOT NULL,
	heartbeat DATETIME NOT NULL,
	PRIMARY KEY (trial_heartbeat_id),
	UNIQUE (trial_id),
	FOREIGN KEY(trial_id) REFERENCES trials (trial_id)
);
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL,
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);

-- ---------------------------------------------------------------- sample rows
INSERT INTO studies VALUES(1,'fashion-mnist');
INSERT INTO studies VALUES(2,'multi');
INSERT INTO version_info VALUES(1,12,'5.0.0');
INSERT INTO study_directions VALUES(1,'MAXIMIZE',1,0);
INSERT INTO study_directions VALUES(2,'MINIMIZE',2,0);
INSERT INTO study_directions VALUES(3,'MAXIMIZE',2,1);
INSERT INTO study_user_attributes VALUES(1,1,'dataset','{"name": "fashion-mnist", "n": 60000}');
INSERT INTO study_system_attributes VALUES(1,1,'study:metric_names','["val_accuracy"]');
INSERT INTO study_system_attributes VALUES(2,1,'artifacts:ec662ec7-322c-4715-87c3-9b5ef143d7c0','"{\"artifact_id\": \"ec662ec7-322c-4715-87c3-9b5ef143d7c0\", \"filename\": \"art.txt\", \"mimetype\": \"text/plain\", \"encoding\": null}"');
INSERT INTO trials VALUES(1,0,1,'COMPLETE','2026-11-22 10:38:49.061143','2026-11-22 10:38:49.130667');
INSERT INTO trials VALUES(2,1,1,'COMPLETE','2026-11-22 10:38:49.141442','2026-11-22 10:38:49.192521');
INSERT INTO trials VALUES(3,2,1,'PRUNED','2026-11-22 10:38:49.199877','2026-11-22 10:38:49.263716');
INSERT INTO trials VALUES(4,3,1,'FAIL','2026-11-22 10:38:49.271026','2026-11-22 10:38:49.406792');
INSERT INTO trials VALUES(5,4,1,'FAIL','2026-11-22 10:38:49.416065','2026-11-22 10:38:49.467615');
INSERT INTO trials VALUES(6,5,1,'COMPLETE','2026-11-22 10:38:49.473490','2026-11-22 10:38:49.525578');
INSERT INTO trials VALUES(7,6,1,'COMPLETE','2026-11-22 10:38:49.533777','2026-11-22 10:38:49.592716');
INSERT INTO trials VALUES(8,7,1,'RUNNING','2026-11-22 10:38:49.616155',NULL);
INSERT INTO trials VALUES(9,8,1,'COMPLETE','2026-11-22 10:38:49.601303','2026-11-22 10:38:49.601303');
INSERT INTO trials VALUES(10,9,1,'WAITING',NULL,NULL);
INSERT INTO trials VALUES(11,0,2,'COMPLETE','2026-11-22 10:38:49.634197','2026-11-22 10:38:49.646218');
INSERT INTO trial_user_attributes VALUES(1,1,'seed','0');
INSERT INTO trial_user_attributes VALUES(2,1,'note','"x"');
INSERT INTO trial_user_attributes VALUES(3,2,'seed','1');
INSERT INTO trial_user_attributes VALUES(4,2,'note','"x"');
INSERT INTO trial_user_attributes VALUES(5,3,'seed','2');
INSERT INTO trial_user_attributes VALUES(6,3,'note','"x"');
INSERT INTO trial_user_attributes VALUES(7,4,'seed','3');
INSERT INTO trial_user_attributes VALUES(8,4,'note','"x"');
INSERT INTO trial_user_attributes VALUES(9,5,'seed','4');
INSERT INTO trial_user_attributes VALUES(10,5,'note','"x"');
INSERT INTO trial_user_attributes VALUES(11,6,'seed','5');
INSERT INTO trial_user_attributes VALUES(12,6,'note','"x"');
INSERT INTO trial_user_attributes VALUES(13,7,'seed','6');
INSERT INTO trial_user_attributes VALUES(14,7,'note','"x"');
INSERT INTO trial_user_attributes VALUES(15,8,'memo','"manual"');
INSERT INTO trial_system_attributes VALUES(1,1,'constraints:params_over_budget','2.0');
INSERT INTO trial_system_attributes VALUES(2,2,'constraints:params_over_budget','-1.0');
INSERT INTO trial_system_attributes VALUES(3,3,'tpe:relative_params:0','"{\"batch\": 108, \"dropout\": 0.4, \"lr\": 1.1418789212550243e-05, \"momentum\": 0.5190620411490223, \"optimizer\": 3, \"units\": 64}"');
INSERT INTO trial_system_attributes VALUES(4,3,'constraints:params_over_budget','2.0');
INSERT INTO trial_system_attributes VALUES(5,4,'tpe:relative_params:0','"{\"batch\": 25, \"dropout\": 0.0, \"lr\": 0.0004179987699454696, \"momentum\": 0.34494222083536435, \"optimizer\": 3, \"units\": 64}"');
INSERT INTO trial_system_attributes VALUES(6,4,'constraints:params_over_budget','-1.0');
INSERT INTO trial_system_attributes VALUES(7,5,'tpe:relative_params:0','"{\"batch\": 223, \"dropout\": 0.0, \"lr\": 3.6787354197250474e-05, \"momentum\": 0.4490797729707736, \"optimizer\": 3, \"units\": 128}"');
INSERT INTO trial_system_attributes VALUES(8,5,'constraints:params_over_budget','2.0');
INSERT INTO trial_system_attributes VALUES(9,6,'tpe:relative_params:0','"{\"batch\": 104, \"dropout\": 0.0, \"lr\": 0.002182359075329113, \"momentum\": 0.0648483252173603, \"optimizer\": 3, \"units\": 96}"');
INSERT INTO trial_system_attributes VALUES(10,6,'constraints:params_over_budget','-1.0');
INSERT INTO trial_system_attributes VALUES(11,7,'tpe:relative_params:0','"{\"batch\": 38, \"dropout\": 0.4, \"lr\": 0.07814642027811189, \"momentum\": 0.9075135539231693, \"optimizer\": 3, \"units\": 96}"');
INSERT INTO trial_system_attributes VALUES(12,7,'constraints:params_over_budget','2.0');
INSERT INTO trial_system_attributes VALUES(13,8,'fixed_params','{"lr": 0.1, "optimizer": "adam"}');
INSERT INTO trial_system_attributes VALUES(14,10,'fixed_params','{"lr": 0.05}');
INSERT INTO trial_system_attributes VALUES(15,11,'fixed_params','{"x": 1.0}');
INSERT INTO trial_system_attributes VALUES(16,8,'artifacts:5dfd4b0c-118f-4405-85cb-d4eca0bd3f72','"{\"artifact_id\": \"5dfd4b0c-118f-4405-85cb-d4eca0bd3f72\", \"filename\": \"art.txt\", \"mimetype\": \"text/plain\", \"encoding\": null}"');
INSERT INTO trial_params VALUES(1,1,'lr',0.00046568046379195655436,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 1e-05, "high": 0.1, "log": true}}');
INSERT INTO trial_params VALUES(2,1,'dropout',0.4000000000000000222,'{"name": "FloatDistribution", "attributes": {"step": 0.1, "low": 0.0, "high": 0.5, "log": false}}');
INSERT INTO trial_params VALUES(3,1,'momentum',0.00011323106917143777039,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.0, "high": 0.99, "log": false}}');
INSERT INTO trial_params VALUES(4,1,'units',64.0,'{"name": "IntDistribution", "attributes": {"log": false, "step": 32, "low": 32, "high": 128}}');
INSERT INTO trial_params VALUES(5,1,'batch',26.0,'{"name": "IntDistribution", "attributes": {"log": true, "step": 1, "low": 16, "high": 512}}');
INSERT INTO trial_params VALUES(6,1,'optimizer',6.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["sgd", "adam", null, true, 3, 0.5, "na\u00efve"]}}');
INSERT INTO trial_params VALUES(7,2,'lr',6.5736866551383270774e-05,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 1e-05, "high": 0.1, "log": true}}');
INSERT INTO trial_params VALUES(8,2,'dropout',0.5,'{"name": "FloatDistribution", "attributes": {"step": 0.1, "low": 0.0, "high": 0.5, "log": false}}');
INSERT INTO trial_params VALUES(9,2,'momentum',0.027113717265946902373,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.0, "high": 0.99, "log": false}}');
INSERT INTO trial_params VALUES(10,2,'units',96.0,'{"name": "IntDistribution", "attributes": {"log": false, "step": 32, "low": 32, "high": 128}}');
INSERT INTO trial_params VALUES(11,2,'batch',67.0,'{"name": "IntDistribution", "attributes": {"log": true, "step": 1, "low": 16, "high": 512}}');
INSERT INTO trial_params VALUES(12,2,'optimizer',4.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["sgd", "adam", null, true, 3, 0.5, "na\u00efve"]}}');
INSERT INTO trial_params VALUES(13,3,'lr',1.1418789212550242858e-05,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 1e-05, "high": 0.1, "log": true}}');
INSERT INTO trial_params VALUES(14,3,'dropout',0.4000000000000000222,'{"name": "FloatDistribution", "attributes": {"step": 0.1, "low": 0.0, "high": 0.5, "log": false}}');
INSERT INTO trial_params VALUES(15,3,'momentum',0.51906204114902232404,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.0, "high": 0.99, "log": false}}');
INSERT INTO trial_params VALUES(16,3,'units',64.0,'{"name": "IntDistribution", "attributes": {"log": false, "step": 32, "low": 32, "high": 128}}');
INSERT INTO trial_params VALUES(17,3,'batch',108.0,'{"name": "IntDistribution", "attributes": {"log": true, "step": 1, "low": 16, "high": 512}}');
INSERT INTO trial_params VALUES(18,3,'optimizer',4.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["sgd", "adam", null, true, 3, 0.5, "na\u00efve"]}}');
INSERT INTO trial_params VALUES(19,4,'lr',0.00041799876994546962278,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 1e-05, "high": 0.1, "log": true}}');
INSERT INTO trial_params VALUES(20,4,'dropout',0.0,'{"name": "FloatDistribution", "attributes": {"step": 0.1, "low": 0.0, "high": 0.5, "log": false}}');
INSERT INTO trial_params VALUES(21,4,'momentum',0.34494222083536435485,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.0, "high": 0.99, "log": false}}');
INSERT INTO trial_params VALUES(22,4,'units',64.0,'{"name": "IntDistribution", "attributes": {"log": false, "step": 32, "low": 32, "high": 128}}');
INSERT INTO trial_params VALUES(23,4,'batch',25.0,'{"name": "IntDistribution", "attributes": {"log": true, "step": 1, "low": 16, "high": 512}}');
INSERT INTO trial_params VALUES(24,4,'optimizer',4.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["sgd", "adam", null, true, 3, 0.5, "na\u00efve"]}}');
INSERT INTO trial_params VALUES(25,5,'lr',3.6787354197250473686e-05,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 1e-05, "high": 0.1, "log": true}}');
INSERT INTO trial_params VALUES(26,5,'dropout',0.0,'{"name": "FloatDistribution", "attributes": {"step": 0.1, "low": 0.0, "high": 0.5, "log": false}}');
INSERT INTO trial_params VALUES(27,5,'momentum',0.44907977297077361633,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.0, "high": 0.99, "log": false}}');
INSERT INTO trial_params VALUES(28,5,'units',128.0,'{"name": "IntDistribution", "attributes": {"log": false, "step": 32, "low": 32, "high": 128}}');
INSERT INTO trial_params VALUES(29,5,'batch',223.0,'{"name": "IntDistribution", "attributes": {"log": true, "step": 1, "low": 16, "high": 512}}');
INSERT INTO trial_params VALUES(30,5,'optimizer',4.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["sgd", "adam", null, true, 3, 0.5, "na\u00efve"]}}');
INSERT INTO trial_params VALUES(31,6,'lr',0.0021823590753291132078,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 1e-05, "high": 0.1, "log": true}}');
INSERT INTO trial_params VALUES(32,6,'dropout',0.0,'{"name": "FloatDistribution", "attributes": {"step": 0.1, "low": 0.0, "high": 0.5, "log": false}}');
INSERT INTO trial_params VALUES(33,6,'momentum',0.064848325217360294758,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.0, "high": 0.99, "log": false}}');
INSERT INTO trial_params VALUES(34,6,'units',96.0,'{"name": "IntDistribution", "attributes": {"log": false, "step": 32, "low": 32, "high": 128}}');
INSERT INTO trial_params VALUES(35,6,'batch',104.0,'{"name": "IntDistribution", "attributes": {"log": true, "step": 1, "low": 16, "high": 512}}');
INSERT INTO trial_params VALUES(36,6,'optimizer',4.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["sgd", "adam", null, true, 3, 0.5, "na\u00efve"]}}');
INSERT INTO trial_params VALUES(37,7,'lr',0.078146420278111888846,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 1e-05, "high": 0.1, "log": true}}');
INSERT INTO trial_params VALUES(38,7,'dropout',0.4000000000000000222,'{"name": "FloatDistribution", "attributes": {"step": 0.1, "low": 0.0, "high": 0.5, "log": false}}');
INSERT INTO trial_params VALUES(39,7,'momentum',0.90751355392316934711,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.0, "high": 0.99, "log": false}}');
INSERT INTO trial_params VALUES(40,7,'units',96.0,'{"name": "IntDistribution", "attributes": {"log": false, "step": 32, "low": 32, "high": 128}}');
INSERT INTO trial_params VALUES(41,7,'batch',38.0,'{"name": "IntDistribution", "attributes": {"log": true, "step": 1, "low": 16, "high": 512}}');
INSERT INTO trial_params VALUES(42,7,'optimizer',4.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["sgd", "adam", null, true, 3, 0.5, "na\u00efve"]}}');
INSERT INTO trial_params VALUES(43,9,'lr',0.010000000000000000208,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 1e-05, "high": 0.1, "log": true}}');
INSERT INTO trial_params VALUES(44,8,'lr',0.10000000000000000555,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 1e-05, "high": 0.1, "log": true}}');
INSERT INTO trial_params VALUES(45,11,'x',1.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.0, "high": 1.0, "log": false}}');
INSERT INTO trial_values VALUES(1,1,0,0.8000000000000000444,'FINITE');
INSERT INTO trial_values VALUES(2,2,0,NULL,'INF_POS');
INSERT INTO trial_values VALUES(3,3,0,0.70999999999999996447,'FINITE');
INSERT INTO trial_values VALUES(4,6,0,0.85000000000000008881,'FINITE');
INSERT INTO trial_values VALUES(5,7,0,0.86000000000000009769,'FINITE');
INSERT INTO trial_values VALUES(6,9,0,0.5,'FINITE');
INSERT INTO trial_values VALUES(7,11,0,1.0,'FINITE');
INSERT INTO trial_values VALUES(8,11,1,NULL,'INF_NEG');
INSERT INTO trial_intermediate_values VALUES(1,1,0,0.5,'FINITE');
INSERT INTO trial_intermediate_values VALUES(2,1,1,0.59999999999999997779,'FINITE');
INSERT INTO trial_intermediate_values VALUES(3,1,2,0.69999999999999995559,'FINITE');
INSERT INTO trial_intermediate_values VALUES(4,1,3,0.70999999999999996447,'FINITE');
INSERT INTO trial_intermediate_values VALUES(5,2,0,0.5,'FINITE');
INSERT INTO trial_intermediate_values VALUES(6,2,1,NULL,'NAN');
INSERT INTO trial_intermediate_values VALUES(7,2,2,NULL,'INF_POS');
INSERT INTO trial_intermediate_values VALUES(8,2,3,NULL,'INF_NEG');
INSERT INTO trial_intermediate_values VALUES(9,3,0,0.5,'FINITE');
INSERT INTO trial_intermediate_values VALUES(10,3,1,0.59999999999999997779,'FINITE');
INSERT INTO trial_intermediate_values VALUES(11,3,2,0.69999999999999995559,'FINITE');
INSERT INTO trial_intermediate_values VALUES(12,3,3,0.70999999999999996447,'FINITE');
INSERT INTO trial_intermediate_values VALUES(13,4,0,0.5,'FINITE');
INSERT INTO trial_intermediate_values VALUES(14,4,1,0.59999999999999997779,'FINITE');
INSERT INTO trial_intermediate_values VALUES(15,4,2,0.69999999999999995559,'FINITE');
INSERT INTO trial_intermediate_values VALUES(16,4,3,0.70999999999999996447,'FINITE');
INSERT INTO trial_intermediate_values VALUES(17,5,0,0.5,'FINITE');
INSERT INTO trial_intermediate_values VALUES(18,5,1,0.59999999999999997779,'FINITE');
INSERT INTO trial_intermediate_values VALUES(19,5,2,0.69999999999999995559,'FINITE');
INSERT INTO trial_intermediate_values VALUES(20,5,3,0.70999999999999996447,'FINITE');
INSERT INTO trial_intermediate_values VALUES(21,6,0,0.5,'FINITE');
INSERT INTO trial_intermediate_values VALUES(22,6,1,0.59999999999999997779,'FINITE');
INSERT INTO trial_intermediate_values VALUES(23,6,2,0.69999999999999995559,'FINITE');
INSERT INTO trial_intermediate_values VALUES(24,6,3,0.70999999999999996447,'FINITE');
INSERT INTO trial_intermediate_values VALUES(25,7,0,0.5,'FINITE');
INSERT INTO trial_intermediate_values VALUES(26,7,1,0.59999999999999997779,'FINITE');
INSERT INTO trial_intermediate_values VALUES(27,7,2,0.69999999999999995559,'FINITE');
INSERT INTO trial_intermediate_values VALUES(28,7,3,0.70999999999999996447,'FINITE');
INSERT INTO trial_heartbeats VALUES(1,1,'2026-11-22 10:38:49');
INSERT INTO trial_heartbeats VALUES(2,2,'2026-11-22 10:38:49');
INSERT INTO trial_heartbeats VALUES(3,3,'2026-11-22 10:38:49');
INSERT INTO trial_heartbeats VALUES(4,4,'2026-11-22 10:38:49');
INSERT INTO trial_heartbeats VALUES(5,5,'2026-11-22 10:38:49');
INSERT INTO trial_heartbeats VALUES(6,6,'2026-11-22 10:38:49');
INSERT INTO trial_heartbeats VALUES(7,7,'2026-11-22 10:38:49');
INSERT INTO trial_heartbeats VALUES(8,8,'2026-11-22 10:38:49');
INSERT INTO trial_heartbeats VALUES(9,11,'2026-11-22 10:38:49');
INSERT INTO alembic_version VALUES('v3.2.0.a');
