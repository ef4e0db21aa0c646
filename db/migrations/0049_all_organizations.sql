-- Up Migration

-- metrics, purging and the doctor go through every organization too, and have nothing to do with billing
alter function billed_organizations() rename to all_organizations;

-- Down Migration

alter function all_organizations() rename to billed_organizations;
