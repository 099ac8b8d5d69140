-- What people write about a consumer.

ALTER TABLE consumers ADD COLUMN description TEXT;
