PRAGMA user_version = 1;
PRAGMA application_id = 1919839860;
BEGIN TRANSACTION;
CREATE TABLE lines (                  -- sentences for the log
        id INTEGER PRIMARY KEY,
        run_id TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
        at REAL NOT NULL,
        level TEXT NOT NULL,
        text TEXT NOT NULL
    );
INSERT INTO "lines" VALUES(1,'20261125-111448-3364e7',1.7956052898153541e+09,'info','2 networks (1 variants, 2 seeds) on cpu.');
INSERT INTO "lines" VALUES(2,'20261125-111448-3364e7',1.79560529031685709e+09,'info','284 parameters; 2 epochs of 5 steps.');
INSERT INTO "lines" VALUES(3,'20261125-111451-1f595d',1.79560529232409596e+09,'info','1,000 training, 200 validation and 200 test images on cpu, bfloat16 products.');
INSERT INTO "lines" VALUES(4,'20261125-111451-1f595d',1.79560529232467937e+09,'info','1,674 parameters; 2 epochs of 5 steps.');
INSERT INTO "lines" VALUES(5,'20261125-111453-28712b',1.79560529345019936e+09,'info','2 networks (1 variants, 2 seeds) on cpu.');
INSERT INTO "lines" VALUES(6,'20261125-111453-28712b',1.79560529345067167e+09,'info','102 parameters; 2 epochs of 5 steps.');
CREATE TABLE moments (                -- when something was logged
        run_id TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
        kind TEXT NOT NULL CHECK (kind IN ('step', 'epoch', 'test')),
        step INTEGER NOT NULL,
        epoch INTEGER,
        elapsed REAL NOT NULL,
        rate REAL,                        -- samples a second
        seconds REAL,                     -- of the epoch
        PRIMARY KEY (run_id, kind, step)
    ) WITHOUT ROWID
    ;
INSERT INTO "moments" VALUES('20261125-111448-3364e7','epoch',5,1,1.58900639999046688e-02,NULL,1.58884490001582889e-02);
INSERT INTO "moments" VALUES('20261125-111448-3364e7','epoch',10,2,2.46108820001609274e-02,NULL,8.70791600027587264e-03);
INSERT INTO "moments" VALUES('20261125-111448-3364e7','step',1,NULL,1.04801800002860545e-02,4.27195660201123246e+02,NULL);
INSERT INTO "moments" VALUES('20261125-111448-3364e7','step',2,NULL,1.19134300002770032e-02,2.79085993373470137e+03,NULL);
INSERT INTO "moments" VALUES('20261125-111448-3364e7','step',3,NULL,1.29279830002815288e-02,3.94262300735610415e+03,NULL);
INSERT INTO "moments" VALUES('20261125-111448-3364e7','step',4,NULL,1.38955480001641262e-02,4.13408918314051516e+03,NULL);
INSERT INTO "moments" VALUES('20261125-111448-3364e7','step',5,NULL,1.4908539000316523e-02,3.94870240643621764e+03,NULL);
INSERT INTO "moments" VALUES('20261125-111448-3364e7','step',6,NULL,1.95618030002151499e-02,3.83531171520278894e+03,NULL);
INSERT INTO "moments" VALUES('20261125-111448-3364e7','step',7,NULL,0.0203959999998915,4795.03043232223,NULL);
INSERT INTO "moments" VALUES('20261125-111448-3364e7','step',8,NULL,2.11904309999226825e-02,5035.05024330999,NULL);
INSERT INTO "moments" VALUES('20261125-111448-3364e7','step',9,NULL,2.1960203000162437e-02,5.19634385084694258e+03,NULL);
INSERT INTO "moments" VALUES('20261125-111448-3364e7','step',10,NULL,2.27588800003104552e-02,5.00828244616870597e+03,NULL);
INSERT INTO "moments" VALUES('20261125-111448-3364e7','test',10,2,0.0352650069999072,NULL,NULL);
INSERT INTO "moments" VALUES('20261125-111451-1f595d','step',1,NULL,1.51666030001251783e-02,1.33032714871300704e+04,NULL);
INSERT INTO "moments" VALUES('20261125-111451-1f595d','step',2,NULL,2.16753260001496528e-02,3.07279938014335457e+04,NULL);
INSERT INTO "moments" VALUES('20261125-111451-1f595d','step',3,NULL,2.6502030999836279e-02,4.14361350057616946e+04,NULL);
INSERT INTO "moments" VALUES('20261125-111453-28712b','epoch',5,1,9.6904770002765872e-03,NULL,9.688388000085979e-03);
INSERT INTO "moments" VALUES('20261125-111453-28712b','step',1,NULL,3.61861500005034031e-03,1.61986275712225051e+03,NULL);
INSERT INTO "moments" VALUES('20261125-111453-28712b','step',2,NULL,4.77648400010366458e-03,3.45462224121708504e+03,NULL);
INSERT INTO "moments" VALUES('20261125-111453-28712b','step',3,NULL,6.32177800025601754e-03,2.58850419376871559e+03,NULL);
INSERT INTO "moments" VALUES('20261125-111453-28712b','step',4,NULL,7.45894300007421406e-03,3.51751944584954435e+03,NULL);
INSERT INTO "moments" VALUES('20261125-111453-28712b','step',5,NULL,8.49688600010267691e-03,3.85377617064743481e+03,NULL);
INSERT INTO "moments" VALUES('20261125-111453-28712b','step',6,NULL,1.32886530000178026e-02,1.7258660287384946e+03,NULL);
INSERT INTO "moments" VALUES('20261125-111453-28712b','step',7,NULL,1.41935159999775351e-02,4.42055869250704836e+03,NULL);
CREATE TABLE points (                 -- what was logged then
        run_id TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
        kind TEXT NOT NULL CHECK (kind IN ('step', 'epoch', 'test')),
        metric TEXT NOT NULL,
        step INTEGER NOT NULL,
        value REAL,                       -- NULL for NaN, and where there are replicas
        replicas BLOB,                    -- a little-endian double for each
        PRIMARY KEY (run_id, kind, metric, step)
    ) WITHOUT ROWID
    ;
INSERT INTO "points" VALUES('20261125-111448-3364e7','epoch','train_loss',5,NULL,X'CDCCCC0CF6DF02406666668633580440');
INSERT INTO "points" VALUES('20261125-111448-3364e7','epoch','train_loss',10,NULL,X'9A99995965D40240333333339B460440');
INSERT INTO "points" VALUES('20261125-111448-3364e7','epoch','val_accuracy',5,NULL,X'00000000000026400000000000003340');
INSERT INTO "points" VALUES('20261125-111448-3364e7','epoch','val_accuracy',10,NULL,X'00000000000026400000000000003540');
INSERT INTO "points" VALUES('20261125-111448-3364e7','epoch','val_loss',5,NULL,X'1F85EB51A67103405C8FC2F502690340');
INSERT INTO "points" VALUES('20261125-111448-3364e7','epoch','val_loss',10,NULL,X'E17A14AE4D6E03403D0AD7A366630340');
INSERT INTO "points" VALUES('20261125-111448-3364e7','step','train_loss',1,NULL,X'000000A0A9400140000000C094C00240');
INSERT INTO "points" VALUES('20261125-111448-3364e7','step','train_loss',2,NULL,X'000000C0376D03400000006054D60440');
INSERT INTO "points" VALUES('20261125-111448-3364e7','step','train_loss',3,NULL,X'0000000003E60340000000E0C2FA0640');
INSERT INTO "points" VALUES('20261125-111448-3364e7','step','train_loss',4,NULL,X'00000000AA310340000000A0D88B0440');
INSERT INTO "points" VALUES('20261125-111448-3364e7','step','train_loss',5,NULL,X'000000E03F9A0240000000007D9B0240');
INSERT INTO "points" VALUES('20261125-111448-3364e7','step','train_loss',6,NULL,X'0000002018320140000000A04DAC0240');
INSERT INTO "points" VALUES('20261125-111448-3364e7','step','train_loss',7,NULL,X'00000000855E0340000000C04EC70440');
INSERT INTO "points" VALUES('20261125-111448-3364e7','step','train_loss',8,NULL,X'000000606EDB0340000000C039DD0640');
INSERT INTO "points" VALUES('20261125-111448-3364e7','step','train_loss',9,NULL,X'000000408D27034000000060FE7C0440');
INSERT INTO "points" VALUES('20261125-111448-3364e7','step','train_loss',10,NULL,X'00000000629202400000008033930240');
INSERT INTO "points" VALUES('20261125-111448-3364e7','test','test_accuracy',10,NULL,X'00000000000024400000000000001440');
INSERT INTO "points" VALUES('20261125-111448-3364e7','test','test_loss',10,NULL,X'CDCCCC4CBB5003409A9999998D570440');
INSERT INTO "points" VALUES('20261125-111451-1f595d','step','train_loss',1,2.30258536338806152e+00,NULL);
INSERT INTO "points" VALUES('20261125-111451-1f595d','step','train_loss',2,2.30016493797302246e+00,NULL);
INSERT INTO "points" VALUES('20261125-111451-1f595d','step','train_loss',3,2.22803163528442382e+00,NULL);
INSERT INTO "points" VALUES('20261125-111453-28712b','epoch','train_loss',5,NULL,X'CDCCCCCC431BD03FCDCCCC6C82FDCF3F');
INSERT INTO "points" VALUES('20261125-111453-28712b','epoch','val_bit_accuracy',5,NULL,X'08E591122C904A40987D9D386BC44640');
INSERT INTO "points" VALUES('20261125-111453-28712b','epoch','val_loss',5,NULL,X'8FC2F5284077D03F48E17A147C15D03F');
INSERT INTO "points" VALUES('20261125-111453-28712b','step','train_loss',1,NULL,X'000000201983D03F000000C0DD08D03F');
INSERT INTO "points" VALUES('20261125-111453-28712b','step','train_loss',2,NULL,X'000000E0AD46D03F000000802FFFCF3F');
INSERT INTO "points" VALUES('20261125-111453-28712b','step','train_loss',3,NULL,X'00000000C1F9CF3F00000040C6F4CF3F');
INSERT INTO "points" VALUES('20261125-111453-28712b','step','train_loss',4,NULL,X'00000000C616CB3F000000C0DCFFCF3F');
INSERT INTO "points" VALUES('20261125-111453-28712b','step','train_loss',5,NULL,X'000000804836D23F00000020FEEDCF3F');
INSERT INTO "points" VALUES('20261125-111453-28712b','step','train_loss',6,NULL,X'00000080B67AD03F000000602100D03F');
INSERT INTO "points" VALUES('20261125-111453-28712b','step','train_loss',7,NULL,X'000000800D3ED03F000000409AFFCF3F');
CREATE TABLE runs (
        id TEXT PRIMARY KEY,
        name TEXT NOT NULL UNIQUE,
        task TEXT NOT NULL,
        model TEXT NOT NULL,
        preset TEXT NOT NULL,
        config TEXT NOT NULL,             -- JSON, RunConfig.to_dict
        created REAL NOT NULL,            -- seconds since 1970
        updated REAL NOT NULL,
        status TEXT NOT NULL,             -- as last written; a killed process writes nothing
        step INTEGER NOT NULL DEFAULT 0,
        total_steps INTEGER NOT NULL DEFAULT 0,
        steps_per_epoch INTEGER NOT NULL DEFAULT 1,
        samples_per_epoch INTEGER NOT NULL DEFAULT 0,
        parameters INTEGER NOT NULL DEFAULT 0,
        device TEXT NOT NULL DEFAULT '',
        elapsed REAL NOT NULL DEFAULT 0,  -- seconds of training, pauses left out
        specs TEXT NOT NULL DEFAULT '[]', -- JSON, metric specs
        metric TEXT NOT NULL DEFAULT '',  -- which one `best` and `last` are of
        best REAL,
        last REAL,
        final_metric TEXT NOT NULL DEFAULT '',
        final REAL,
        message TEXT NOT NULL DEFAULT '',
        note TEXT NOT NULL DEFAULT '',
        deleted REAL                      -- when; NULL for runs that are shown
    );
INSERT INTO "runs" VALUES('20261125-111448-3364e7','recall-first','recall','lstm','report','{"task": "recall", "preset": "report", "epochs": 2, "batch_size": 4, "learning_rate": 0.002, "seed": 0, "device": "cpu", "workers": 0, "recipe": {"initialisation": "pytorch", "forget_bias": 1.0, "standardise": false, "augmentation": "none", "beta1": 0.9, "beta2": 0.999, "schedule": "constant", "rise": 0.2, "bfloat16": false, "label_smoothing": 0.0, "average": 0.0, "fresh": false}, "hidden_sizes": [2], "losses": ["ce"], "lengths": [3, 11], "training_size": 20, "test_size": 20, "seeds": 2, "position": 3}',1.79560528855326294e+09,1.79560529032497429e+09,'finished',10,10,5,20,284,'cpu',0.0352650069999072,'[{"name": "train_loss", "label": "training loss", "unit": "", "higher_is_better": false, "lower": 0.0, "upper": null}, {"name": "val_loss", "label": "validation loss", "unit": "", "higher_is_better": false, "lower": 0.0, "upper": null}, {"name": "val_accuracy", "label": "validation accuracy", "unit": "%", "higher_is_better": true, "lower": 0.0, "upper": 100.0}, {"name": "test_loss", "label": "test loss", "unit": "", "higher_is_better": false, "lower": 0.0, "upper": null}, {"name": "test_accuracy", "label": "test accuracy", "unit": "%", "higher_is_better": true, "lower": 0.0, "upper": 100.0}]','val_accuracy',16.0,16.0,'test_accuracy',7.5,'','the first run',NULL);
INSERT INTO "runs" VALUES('20261125-111451-1f595d','mnist-first','mnist','lstm','fast','{"task": "mnist", "preset": "fast", "epochs": 2, "batch_size": 200, "learning_rate": 0.012, "seed": 0, "device": "cpu", "workers": 0, "recipe": {"initialisation": "orthogonal", "forget_bias": 1.0, "standardise": true, "augmentation": "shift", "beta1": 0.8, "beta2": 0.99, "schedule": "one-cycle", "rise": 0.15, "bfloat16": true, "label_smoothing": 0.0, "average": 0.0, "fresh": false}, "model": "lstm", "hidden_size": 4, "layers": 1, "data_dir": "/data", "extra_data": null, "start_from": null}',1.79560529142927837e+09,1.7956052923279736e+09,'stopped',3,10,5,1000,1674,'cpu',2.71023229997808812e-02,'[{"name": "train_loss", "label": "training loss", "unit": "", "higher_is_better": false, "lower": 0.0, "upper": null}, {"name": "train_loss_last_batch", "label": "last batch''s loss", "unit": "", "higher_is_better": false, "lower": 0.0, "upper": null}, {"name": "val_loss", "label": "validation loss", "unit": "", "higher_is_better": false, "lower": 0.0, "upper": null}, {"name": "val_accuracy", "label": "validation accuracy", "unit": "%", "higher_is_better": true, "lower": 0.0, "upper": 100.0}, {"name": "test_loss", "label": "test loss", "unit": "", "higher_is_better": false, "lower": 0.0, "upper": null}, {"name": "test_accuracy", "label": "test accuracy", "unit": "%", "higher_is_better": true, "lower": 0.0, "upper": 100.0}]','',NULL,NULL,'',NULL,'','',NULL);
INSERT INTO "runs" VALUES('20261125-111453-28712b','adder-first','adder','lstm','report','{"task": "adder", "preset": "report", "epochs": 2, "batch_size": 4, "learning_rate": 0.002, "seed": 0, "device": "cpu", "workers": 0, "recipe": {"initialisation": "pytorch", "forget_bias": 1.0, "standardise": false, "augmentation": "none", "beta1": 0.9, "beta2": 0.999, "schedule": "constant", "rise": 0.2, "bfloat16": false, "label_smoothing": 0.0, "average": 0.0, "fresh": false}, "hidden_sizes": [2], "losses": ["mse"], "lengths": [1, 20], "training_size": 20, "test_size": 20, "seeds": 2, "position": null}',1.79560529343217253e+09,1.79560529345743393e+09,'training',7,10,5,20,102,'cpu',1.50989420003497798e-02,'[{"name": "train_loss", "label": "training loss", "unit": "", "higher_is_better": false, "lower": 0.0, "upper": null}, {"name": "val_loss", "label": "validation loss", "unit": "", "higher_is_better": false, "lower": 0.0, "upper": null}, {"name": "val_bit_accuracy", "label": "validation bit accuracy", "unit": "%", "higher_is_better": true, "lower": 0.0, "upper": 100.0}, {"name": "test_bit_accuracy", "label": "test bit accuracy", "unit": "%", "higher_is_better": true, "lower": 0.0, "upper": 100.0}, {"name": "test_number_accuracy", "label": "numbers all right", "unit": "%", "higher_is_better": true, "lower": 0.0, "upper": 100.0}]','val_bit_accuracy',4.93304335585295348e+01,4.93304335585295348e+01,'',NULL,'','',NULL);
CREATE TABLE sessions (               -- one for each time that a process trained the run
        run_id TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
        started REAL NOT NULL,
        first_step INTEGER NOT NULL,
        host TEXT NOT NULL,
        pid INTEGER NOT NULL,
        process_started REAL NOT NULL,
        device TEXT NOT NULL,
        workers INTEGER NOT NULL,
        versions TEXT NOT NULL,           -- JSON, packages and system
        PRIMARY KEY (run_id, started)
    ) WITHOUT ROWID
    ;
INSERT INTO "sessions" VALUES('20261125-111448-3364e7',1.79560529030478882e+09,0,'elsewhere',1234,1700000000.0,'cpu',2,'{"rnn-tui": "0.1.0", "python": "3.11.7", "torch": "2.13.0", "numpy": "2.4.6", "system": "Linux"}');
INSERT INTO "sessions" VALUES('20261125-111451-1f595d',1.79560529232441067e+09,0,'elsewhere',1234,1700000000.0,'cpu',2,'{"rnn-tui": "0.1.0", "python": "3.11.7", "torch": "2.13.0", "numpy": "2.4.6", "system": "Linux"}');
INSERT INTO "sessions" VALUES('20261125-111453-28712b',1.79560529345044088e+09,0,'elsewhere',1234,1700000000.0,'cpu',2,'{"rnn-tui": "0.1.0", "python": "3.11.7", "torch": "2.13.0", "numpy": "2.4.6", "system": "Linux"}');
CREATE TABLE tags (
        run_id TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
        tag TEXT NOT NULL,
        PRIMARY KEY (run_id, tag)
    ) WITHOUT ROWID
    ;
INSERT INTO "tags" VALUES('20261125-111448-3364e7','good');
INSERT INTO "tags" VALUES('20261125-111448-3364e7','old');
CREATE INDEX runs_by_age ON runs (created);
CREATE INDEX lines_of_run ON lines (run_id);
COMMIT;
