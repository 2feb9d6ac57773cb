-- Per account of a leaver: its tokens, those still listed and not expired after removal was due, and those that were last listed before
-- and are first missing, or not looked for, after it.
with accounts as (

    select * from {{ ref('int_termination_accounts') }}

),

tokens as (

    select * from {{ ref('int_account_tokens') }}

),

collections as (

    select * from {{ ref('stg_ledger__collections') }}

),

-- A list the vendor does not offer, or does not let us read, shows nothing.
observations as (

    select
        instance,
        max(collected_at) as tokens_observed_until
    from collections
    where
        kind = 'committed'
        and permission not in ('denied', 'not_available')
        and resource in ('api_tokens', 'credential_authorizations')
    group by instance

),

final as (

    select
        accounts.item_key,
        accounts.account_key,
        count(tokens.token_id) as tokens,
        count(
            case
                when
                    accounts.is_due
                    and tokens.seen_to > accounts.due_at
                    and tokens.seen_from < accounts.horizon_at
                    and (tokens.expires_at is null or tokens.expires_at > accounts.due_at)
                    then tokens.token_id
            end
        ) as tokens_after_due,
        count(
            case
                when
                    accounts.is_due
                    and tokens.seen_to <= accounts.due_at
                    and (tokens.gone_at is null or tokens.gone_at > accounts.due_at)
                    and (tokens.expires_at is null or tokens.expires_at > accounts.due_at)
                    then tokens.token_id
            end
        ) as tokens_unknown,
        coalesce(max(observations.tokens_observed_until) > max(accounts.due_at), false) as is_token_list_observed
    from accounts
    left join tokens
        on tokens.account_key = accounts.account_key and tokens.seen_from < accounts.horizon_at
    left join observations
        on observations.instance = accounts.instance
    group by accounts.item_key, accounts.account_key

)

select * from final
