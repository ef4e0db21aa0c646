-- Up Migration

/*
 * A turn that falls back to another model is billed at two prices: one row for each model of a turn, with the price
 * of that day, so that each row's cost can be checked from the row alone.
 */
alter table usage_logs
  drop constraint usage_logs_turn_id_key,
  add constraint usage_logs_turn_id_model_key unique (turn_id, model),
  -- USD per million tokens; null: the price was not known, and the cost is 0
  add column input_price_usd numeric(12, 6),
  add column cached_input_price_usd numeric(12, 6),
  add column output_price_usd numeric(12, 6),
  add constraint usage_logs_price_is_whole
    check (num_nulls(input_price_usd, cached_input_price_usd, output_price_usd) in (0, 3));

comment on table usage_logs is 'The ledger of what each turn used of each model, and at what price.';
comment on column turns.usage is
  '{"model", "model_calls", "tool_calls", "input_tokens", "cached_input_tokens", "output_tokens", "milliseconds", "models": the same for each model}';

create index usage_logs_chatbot_idx on usage_logs (organization_id, chatbot_id, contact_id);

create function usage_totals()
  returns table (
    scope text,
    organization_id uuid,
    chatbot_id uuid,
    contact_id uuid,
    turns bigint,
    input_tokens bigint,
    cached_input_tokens bigint,
    output_tokens bigint,
    cost_usd numeric,
    is_priced boolean
  )
  language sql stable
  as $$
    select
      case
        when grouping(l.chatbot_id) = 1 then 'organization'
        when grouping(l.contact_id) = 1 then 'chatbot'
        else 'contact'
      end,
      l.organization_id, l.chatbot_id, l.contact_id,
      count(distinct l.turn_id),
      sum(l.input_tokens), sum(l.cached_input_tokens), sum(l.output_tokens), sum(l.cost_usd),
      bool_and(l.input_price_usd is not null)
    from usage_logs l
    group by grouping sets (
      (l.organization_id), (l.organization_id, l.chatbot_id), (l.organization_id, l.chatbot_id, l.contact_id)
    )
  $$;

revoke all on function usage_totals() from public;
grant execute on function usage_totals() to chatbot_app;

comment on function usage_totals() is
  'What the organization, each chatbot and each contact (whose conversation is one) used and cost. is_priced: all of it at known prices.';

-- Down Migration

drop function usage_totals();
drop index usage_logs_chatbot_idx;
comment on column turns.usage is
  '{"model", "model_calls", "tool_calls", "input_tokens", "cached_input_tokens", "output_tokens", "milliseconds"}';
comment on table usage_logs is 'The ledger of what each turn used.';

-- a turn of several models becomes one row again, of the last; its owner sees no tenant's rows otherwise
alter table usage_logs no force row level security;
update usage_logs l set
  model_calls = t.model_calls,
  tool_calls = t.tool_calls,
  input_tokens = t.input_tokens,
  cached_input_tokens = t.cached_input_tokens,
  output_tokens = t.output_tokens,
  cost_usd = t.cost_usd
from (
  select
    max(id) as id, sum(model_calls) as model_calls, sum(tool_calls) as tool_calls, sum(input_tokens) as input_tokens,
    sum(cached_input_tokens) as cached_input_tokens, sum(output_tokens) as output_tokens, sum(cost_usd) as cost_usd
  from usage_logs group by turn_id having count(*) > 1
) t
where l.id = t.id;
delete from usage_logs l using usage_logs later where later.turn_id = l.turn_id and later.id > l.id;
alter table usage_logs force row level security;

alter table usage_logs
  drop constraint usage_logs_price_is_whole,
  drop column output_price_usd,
  drop column cached_input_price_usd,
  drop column input_price_usd,
  drop constraint usage_logs_turn_id_model_key,
  add constraint usage_logs_turn_id_key unique (turn_id);
