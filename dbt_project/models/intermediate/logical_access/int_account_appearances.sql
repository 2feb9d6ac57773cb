-- Systems that keep no log of their accounts tell only by a snapshot that an account was made: one that the snapshot before did not show. The
-- first snapshot of a system is where the count begins.
with presences as (

    select * from {{ ref('int_account_presences') }}
    where system in ('github', 'jira')

),

snapshots as (

    select * from {{ ref('int_entitlement_snapshots') }}
    where kind = 'account' and previous_at is not null

),

present_before as (

    select distinct
        presences.account_key,
        snapshots.collected_at
    from presences
    inner join snapshots
        on
            snapshots.instance = presences.instance
            and presences.valid_from <= snapshots.previous_at
            and presences.last_seen_at >= snapshots.previous_at

),

final as (

    select
        concat(presences.instance, ':account/', presences.external_id, '/', {{ instant_to_text('snapshots.collected_at') }}) as movement_key,
        presences.system,
        presences.instance,
        presences.account_key,
        presences.kind,
        presences.external_id,
        snapshots.collected_at as first_seen_at,
        snapshots.previous_at,
        snapshots.resource,
        snapshots.collection_id
    from presences
    inner join snapshots
        on snapshots.instance = presences.instance and snapshots.collected_at = presences.valid_from
    left join present_before
        on present_before.account_key = presences.account_key and present_before.collected_at = snapshots.collected_at
    where present_before.account_key is null

)

select * from final
