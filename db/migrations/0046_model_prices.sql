-- Up Migration

alter table chatbots
  add column model_prices jsonb not null default '{}',
  -- strict and silent: what is no object of three numbers does not pass, and is no error of its own
  add constraint chatbots_model_prices_are_whole check (
    jsonb_typeof(model_prices) = 'object'
    and jsonb_array_length(jsonb_path_query_array(model_prices, '$.*'))
      = jsonb_array_length(jsonb_path_query_array(
        model_prices, 'strict $.* ? (@.input >= 0 && @.cachedInput >= 0 && @.output >= 0)', '{}', true))
  );

comment on column chatbots.model_prices is
  'What is paid for a model instead of the list price, by the model''s id: {"gpt-6-luna": {"input", "cachedInput", "output"}}, in USD per million tokens.';

-- Down Migration

alter table chatbots drop column model_prices;
