-- Up Migration

alter table chatbots
  -- asked in this order when the model before does not answer; ids as in `model`, `provider:name`
  add column fallback_models text[] not null default '{}',
  -- the newest messages before a turn that fit; what is older is not shown to the model
  add column history_tokens integer not null default 4000 check (history_tokens between 0 and 100000),
  -- four models end within a turn's minute
  add constraint chatbots_few_fallback_models
    check (cardinality(fallback_models) <= 3 and array_position(fallback_models, null) is null and not '' = any (fallback_models));

-- Down Migration

alter table chatbots
  drop constraint chatbots_few_fallback_models,
  drop column history_tokens,
  drop column fallback_models;
