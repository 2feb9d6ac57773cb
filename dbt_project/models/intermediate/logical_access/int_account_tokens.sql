-- Tokens and keys of accounts, with the snapshots that listed them.
with accounts as (

    select * from {{ ref('int_accounts') }}

),

api_tokens as (

    select * from {{ ref('stg_okta__api_tokens_intervals') }}

),

credentials as (

    select * from {{ ref('stg_github__credential_authorizations_intervals') }}

),

listed as (

    select
        accounts.account_key,
        api_tokens.token_id,
        'API token' as token_kind,
        api_tokens.expires_at,
        api_tokens.seen_from,
        api_tokens.seen_to,
        api_tokens.gone_at
    from api_tokens
    inner join accounts
        on accounts.instance = api_tokens.instance and accounts.account_id = api_tokens.user_id
    union all
    select
        accounts.account_key,
        credentials.credential_id as token_id,
        credentials.credential_type as token_kind,
        credentials.expires_at,
        credentials.seen_from,
        credentials.seen_to,
        credentials.gone_at
    from credentials
    inner join accounts
        on accounts.instance = credentials.instance and lower(accounts.login) = lower(credentials.login)

),

final as (

    select
        account_key,
        token_id,
        token_kind,
        max(expires_at) as expires_at,
        min(seen_from) as seen_from,
        max(seen_to) as seen_to,
        case when count(gone_at) = count(*) then max(gone_at) end as gone_at
    from listed
    group by account_key, token_id, token_kind

)

select * from final
