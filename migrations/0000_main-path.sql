CREATE TABLE `api_tokens` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`name` text NOT NULL,
	`token_hash` text NOT NULL,
	`role` text NOT NULL,
	`created_at` integer NOT NULL,
	`expires_at` integer,
	`revoked_at` integer
);
--> statement-breakpoint
CREATE UNIQUE INDEX `api_tokens_hash` ON `api_tokens` (`token_hash`);--> statement-breakpoint
CREATE TABLE `audit_log` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`once_key` text,
	`at` integer NOT NULL,
	`actor` text NOT NULL,
	`action` text NOT NULL,
	`subject_type` text NOT NULL,
	`subject_id` text NOT NULL,
	`detail` text NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `audit_once` ON `audit_log` (`once_key`);--> statement-breakpoint
CREATE INDEX `audit_subject` ON `audit_log` (`subject_type`,`subject_id`,`at`);--> statement-breakpoint
CREATE TABLE `background_sources` (
	`scope` text NOT NULL,
	`src_ip` text NOT NULL,
	`threat_class` integer NOT NULL,
	`windows` integer NOT NULL,
	`events` integer NOT NULL,
	`confidence` real NOT NULL,
	`first_seen` integer NOT NULL,
	`last_seen` integer NOT NULL,
	PRIMARY KEY(`scope`, `src_ip`, `threat_class`)
);
--> statement-breakpoint
CREATE INDEX `background_source` ON `background_sources` (`src_ip`);--> statement-breakpoint
CREATE INDEX `background_newest` ON `background_sources` (`last_seen`);--> statement-breakpoint
CREATE TABLE `deliveries` (
	`id` text PRIMARY KEY NOT NULL,
	`at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `deliveries_age` ON `deliveries` (`at`);--> statement-breakpoint
CREATE TABLE `incident_evidence` (
	`incident_key` text NOT NULL,
	`n` integer NOT NULL,
	`ts` real NOT NULL,
	`sensor` text NOT NULL,
	`stream` text NOT NULL,
	`format` text NOT NULL,
	`event` text NOT NULL,
	`original` text NOT NULL,
	`matched` text NOT NULL,
	PRIMARY KEY(`incident_key`, `n`)
);
--> statement-breakpoint
CREATE TABLE `incident_sources` (
	`incident_key` text NOT NULL,
	`src_ip` text NOT NULL,
	`events` integer NOT NULL,
	`confidence` real NOT NULL,
	`first_seen` integer NOT NULL,
	`last_seen` integer NOT NULL,
	PRIMARY KEY(`incident_key`, `src_ip`)
);
--> statement-breakpoint
CREATE TABLE `incidents` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`incident_key` text NOT NULL,
	`revision` integer NOT NULL,
	`kind` text NOT NULL,
	`src_ip` text NOT NULL,
	`sources_count` integer NOT NULL,
	`status` text DEFAULT 'new' NOT NULL,
	`assignee` text,
	`escalation_level` text NOT NULL,
	`severity` text NOT NULL,
	`risk_score` real NOT NULL,
	`peak_risk` real NOT NULL,
	`threat_class` integer NOT NULL,
	`threat_category` text NOT NULL,
	`class_family` text NOT NULL,
	`ml_confidence` real NOT NULL,
	`anomaly_score` real NOT NULL,
	`route` text NOT NULL,
	`uncertain` integer NOT NULL,
	`opened_by` text NOT NULL,
	`containment_method` text,
	`council_verdict` text,
	`council_reasoning` text,
	`council_confidence` real,
	`routing_path` text NOT NULL,
	`api_calls_made` text NOT NULL,
	`processing_time_ms` integer,
	`gemini_analysis` text,
	`grok_intel` text,
	`openai_remediation` text,
	`triage_note` text NOT NULL,
	`probabilities` text NOT NULL,
	`features` text NOT NULL,
	`contributions` text NOT NULL,
	`model_version` text NOT NULL,
	`schema_hash` text NOT NULL,
	`events_count` integer NOT NULL,
	`targets` text NOT NULL,
	`sensors` text NOT NULL,
	`previous_key` text,
	`reopened_count` integer DEFAULT 0 NOT NULL,
	`first_seen` integer NOT NULL,
	`last_seen` integer NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `incidents_key` ON `incidents` (`incident_key`);--> statement-breakpoint
CREATE INDEX `incidents_newest` ON `incidents` (`created_at`,`id`);--> statement-breakpoint
CREATE INDEX `incidents_status_newest` ON `incidents` (`status`,`created_at`,`id`);--> statement-breakpoint
CREATE INDEX `incidents_source` ON `incidents` (`src_ip`,`created_at`);--> statement-breakpoint
CREATE INDEX `incidents_class_newest` ON `incidents` (`threat_class`,`created_at`,`id`);--> statement-breakpoint
CREATE TABLE `sensors` (
	`id` text PRIMARY KEY NOT NULL,
	`name` text NOT NULL,
	`key_hash` text NOT NULL,
	`formats` text,
	`source_ranges` text,
	`rate_limit` integer,
	`created_at` integer NOT NULL,
	`revoked_at` integer
);
--> statement-breakpoint
CREATE UNIQUE INDEX `sensors_key` ON `sensors` (`key_hash`);--> statement-breakpoint
CREATE TABLE `sessions` (
	`token_hash` text PRIMARY KEY NOT NULL,
	`user_id` integer NOT NULL,
	`csrf_token` text NOT NULL,
	`created_at` integer NOT NULL,
	`expires_at` integer NOT NULL,
	FOREIGN KEY (`user_id`) REFERENCES `users`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE TABLE `training_samples` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`incident_id` integer,
	`features_file_path` text,
	`features` text,
	`schema_hash` text NOT NULL,
	`ml_prediction` text NOT NULL,
	`ml_confidence` real NOT NULL,
	`council_verdict` text,
	`correct_label` text NOT NULL,
	`trust` text NOT NULL,
	`was_override` integer NOT NULL,
	`used_for_training` integer DEFAULT false NOT NULL,
	`src_ip` text NOT NULL,
	`created_at` integer NOT NULL,
	FOREIGN KEY (`incident_id`) REFERENCES `incidents`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE INDEX `training_samples_unused` ON `training_samples` (`used_for_training`,`created_at`);--> statement-breakpoint
CREATE TABLE `users` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`name` text NOT NULL,
	`password_hash` text NOT NULL,
	`role` text NOT NULL,
	`created_at` integer NOT NULL,
	`disabled_at` integer,
	`failed_logins` integer DEFAULT 0 NOT NULL,
	`locked_until` integer
);
--> statement-breakpoint
CREATE UNIQUE INDEX `users_name` ON `users` (`name`);