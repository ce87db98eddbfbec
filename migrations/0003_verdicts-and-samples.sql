CREATE TABLE `incident_verdicts` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`once_key` text,
	`incident_key` text NOT NULL,
	`trust` text NOT NULL,
	`verdict` text,
	`label` text,
	`comment` text,
	`actor` text NOT NULL,
	`at` integer NOT NULL,
	`status_before` text,
	`status_set` text,
	`status_by` text,
	`collected` integer DEFAULT false NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `incident_verdicts_once` ON `incident_verdicts` (`once_key`);--> statement-breakpoint
CREATE INDEX `incident_verdicts_incident` ON `incident_verdicts` (`incident_key`,`id`);--> statement-breakpoint
CREATE INDEX `incident_verdicts_uncollected` ON `incident_verdicts` (`id`) WHERE collected = 0;--> statement-breakpoint
INSERT INTO `incident_verdicts` (`once_key`, `incident_key`, `trust`, `verdict`, `label`, `actor`, `at`, `collected`)
SELECT 'council|' || i.incident_key || '|' || json_extract(i.triage_note, '$.council.round'), i.incident_key, 'council', i.council_verdict,
	CASE i.council_verdict
		WHEN 'THREAT' THEN coalesce(json_extract(i.triage_note, '$.council.corrected_class.name'), i.threat_category)
		WHEN 'FALSE_POSITIVE' THEN 'Normal' END,
	'council', json_extract(i.triage_note, '$.council.at'), EXISTS (SELECT 1 FROM `training_samples` s WHERE s.incident_id = i.id)
FROM `incidents` i WHERE i.council_verdict IS NOT NULL AND json_extract(i.triage_note, '$.council.at') IS NOT NULL;--> statement-breakpoint
CREATE TABLE `__new_training_samples` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`sample_key` text NOT NULL,
	`incident_id` integer,
	`features_file_path` text,
	`features` text,
	`schema_hash` text NOT NULL,
	`model_version` text,
	`ml_prediction` text NOT NULL,
	`ml_confidence` real NOT NULL,
	`council_verdict` text,
	`correct_label` text,
	`trust` text NOT NULL,
	`labelled_by` text NOT NULL,
	`labelled_at` integer NOT NULL,
	`verdict_id` integer DEFAULT 0 NOT NULL,
	`was_override` integer NOT NULL,
	`used_for_training` integer DEFAULT false NOT NULL,
	`src_ip` text NOT NULL,
	`seen_at` integer NOT NULL,
	`created_at` integer NOT NULL,
	FOREIGN KEY (`incident_id`) REFERENCES `incidents`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
INSERT INTO `__new_training_samples` (`id`, `sample_key`, `incident_id`, `features_file_path`, `features`, `schema_hash`, `model_version`, `ml_prediction`, `ml_confidence`, `council_verdict`, `correct_label`, `trust`, `labelled_by`, `labelled_at`, `verdict_id`, `was_override`, `used_for_training`, `src_ip`, `seen_at`, `created_at`)
SELECT s.id, 'incident|' || i.incident_key, s.incident_id, s.features_file_path, s.features, s.schema_hash, NULL, s.ml_prediction, s.ml_confidence, s.council_verdict,
	nullif(s.correct_label, 'undecided'), s.trust, 'council', s.created_at,
	coalesce((SELECT max(v.id) FROM `incident_verdicts` v WHERE v.incident_key = i.incident_key), 0),
	s.was_override, s.used_for_training, s.src_ip, i.last_seen, s.created_at
FROM `training_samples` s JOIN `incidents` i ON i.id = s.incident_id
WHERE s.id = (SELECT max(newest.id) FROM `training_samples` newest WHERE newest.incident_id = s.incident_id);--> statement-breakpoint
DROP TABLE `training_samples`;--> statement-breakpoint
ALTER TABLE `__new_training_samples` RENAME TO `training_samples`;--> statement-breakpoint
CREATE UNIQUE INDEX `training_samples_key` ON `training_samples` (`sample_key`);--> statement-breakpoint
CREATE INDEX `training_samples_unused` ON `training_samples` (`used_for_training`,`created_at`);--> statement-breakpoint
CREATE INDEX `training_samples_trust` ON `training_samples` (`trust`,`created_at`);--> statement-breakpoint
ALTER TABLE `incidents` ADD `analyst_verdict` text;--> statement-breakpoint
ALTER TABLE `incidents` ADD `analyst_class` integer;