-- When a grant ended: by the log's next removal; else between the last snapshot that showed it and the first that did not.
with grants as (

    select * from {{ ref('int_access_grants') }}

),

events as (

    select * from {{ ref('int_entitlement_events') }}
    where direction = 'taken'

),

holdings as (

    select
        account_key,
        kind,
        external_id,
        last_seen_at,
        valid_to
    from {{ ref('int_account_entitlements') }}
    union all
    select
        account_key,
        kind,
        external_id,
        last_seen_at,
        valid_to
    from {{ ref('int_account_presences') }}

),

removals as (

    select
        grants.item_key,
        min(events.occurred_at) as removed_at
    from grants
    inner join events
        on
            events.account_key = grants.account_key
            and (events.kind = 'account' or (events.kind = grants.kind and events.external_id = grants.external_id))
            and events.occurred_at > grants.granted_by_at
    group by grants.item_key

),

sightings as (

    select
        grants.item_key,
        max(holdings.last_seen_at) as last_seen_at,
        case when count(holdings.valid_to) = count(*) then max(holdings.valid_to) end as gone_at
    from grants
    inner join holdings
        on
            holdings.account_key = grants.account_key
            and holdings.kind = grants.kind
            and holdings.external_id = grants.external_id
            and holdings.last_seen_at >= grants.granted_by_at
    group by grants.item_key

),

final as (

    select
        grants.item_key,
        removals.removed_at,
        sightings.last_seen_at,
        coalesce(removals.removed_at, sightings.gone_at) as gone_by_at,
        coalesce(removals.removed_at, sightings.last_seen_at) as proven_until
    from grants
    left join removals
        on removals.item_key = grants.item_key
    left join sightings
        on sightings.item_key = grants.item_key

)

select * from final
