CREATE TABLE `model_versions` (
	`version` text PRIMARY KEY NOT NULL,
	`parent` text,
	`state` text NOT NULL,
	`run_id` text NOT NULL,
	`graph_key` text NOT NULL,
	`manifest_key` text NOT NULL,
	`manifest` text NOT NULL,
	`checks` text NOT NULL,
	`created_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `model_versions_newest` ON `model_versions` (`created_at`);--> statement-breakpoint
CREATE TABLE `training_run_samples` (
	`run_id` text NOT NULL,
	`sample_id` integer NOT NULL,
	PRIMARY KEY(`run_id`, `sample_id`)
);
--> statement-breakpoint
CREATE INDEX `training_run_samples_sample` ON `training_run_samples` (`sample_id`);--> statement-breakpoint
CREATE TABLE `training_runs` (
	`id` text PRIMARY KEY NOT NULL,
	`reason` text NOT NULL,
	`started_by` text NOT NULL,
	`started_at` integer NOT NULL,
	`seed` integer NOT NULL,
	`state` text NOT NULL,
	`step` text NOT NULL,
	`samples_read` integer NOT NULL,
	`samples_skipped` integer NOT NULL,
	`data` text,
	`balance` text,
	`losses` text NOT NULL,
	`version` text,
	`why` text,
	`updated_at` integer NOT NULL,
	`ended_at` integer
);
--> statement-breakpoint
CREATE INDEX `training_runs_newest` ON `training_runs` (`started_at`);