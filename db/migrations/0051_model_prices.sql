-- Up Migration

create function is_model_prices(p_prices jsonb) returns boolean
  language sql immutable parallel safe
  set search_path = pg_catalog
  return jsonb_typeof(p_prices) = 'object'
    and (select count(*) from jsonb_object_keys(p_prices)) = jsonb_array_length(
      jsonb_path_query_array(p_prices, 'strict $.* ? (@.input >= 0 && @.cachedInput >= 0 && @.output >= 0)')
    );

comment on function is_model_prices(jsonb) is 'Whether these are prices as chatbots.model_prices holds them.';

alter table chatbots
  add column model_prices jsonb not null default '{}',
  add constraint chatbots_model_prices_are_whole check (is_model_prices(model_prices));

comment on column chatbots.model_prices is
  'What is paid for a model instead of the list price, by the model''s id: {"gpt-6-luna": {"input", "cachedInput", "output"}}, in USD per million tokens.';

-- Down Migration

alter table chatbots drop column model_prices;
drop function is_model_prices(jsonb);
