-- Up Migration

/*
 * A body after "return" is bound to what it names when the function is made, so a search_path protects nothing in it,
 * and costs: PostgreSQL cannot make such a function a part of the query that calls it. Each statement under row-level
 * security asks for current_organization_id() once a table, and that took 50 µs each time (2 now): half a
 * millisecond of a search.
 */
alter function current_organization_id() reset search_path;
alter function is_credential_envelope(jsonb) reset search_path;
alter function delivery_rank(text) reset search_path;
alter function is_recovery_due(integer, timestamptz) reset search_path;
alter function is_processing_stalled(text, timestamptz) reset search_path;
alter function is_delivery_overdue(uuid, uuid, text, timestamptz) reset search_path;
alter function is_turn_in_doubt(uuid) reset search_path;
alter function billing_period(text, timestamptz) reset search_path;
alter function turn_tokens() reset search_path;
alter function turn_cost_usd() reset search_path;

-- Down Migration

alter function turn_cost_usd() set search_path = pg_catalog;
alter function turn_tokens() set search_path = pg_catalog;
alter function billing_period(text, timestamptz) set search_path = pg_catalog;
alter function is_turn_in_doubt(uuid) set search_path = pg_catalog, public, pg_temp;
alter function is_delivery_overdue(uuid, uuid, text, timestamptz) set search_path = pg_catalog, public, pg_temp;
alter function is_processing_stalled(text, timestamptz) set search_path = pg_catalog;
alter function is_recovery_due(integer, timestamptz) set search_path = pg_catalog;
alter function delivery_rank(text) set search_path = pg_catalog;
alter function is_credential_envelope(jsonb) set search_path = pg_catalog;
alter function current_organization_id() set search_path = pg_catalog;
