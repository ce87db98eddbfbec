CREATE TABLE `intel_lists` (
	`id` text PRIMARY KEY NOT NULL,
	`name` text NOT NULL,
	`kind` text NOT NULL,
	`format` text NOT NULL,
	`scale` text NOT NULL,
	`weight` real NOT NULL,
	`licence` text,
	`url` text,
	`refresh_minutes` integer,
	`leave_out_refused` integer NOT NULL,
	`object_key` text NOT NULL,
	`bytes` integer NOT NULL,
	`counts` text NOT NULL,
	`examples` text NOT NULL,
	`as_of` integer NOT NULL,
	`expires_at` integer,
	`max_age_days` real,
	`loaded_at` integer NOT NULL,
	`checked_at` integer NOT NULL,
	`etag` text,
	`last_modified` text,
	`last_error` text
);
--> statement-breakpoint
ALTER TABLE `incidents` ADD `intel` text;