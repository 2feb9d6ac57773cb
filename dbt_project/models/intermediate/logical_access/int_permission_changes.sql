-- GitHub tells no grants, only what a snapshot shows: a permission that the snapshot before did not show, or showed lower. The grant lies
-- after that earlier snapshot and by this one. An owner of the organization holds admin everywhere by that role: the role is the grant.
with holdings as (

    select
        *,
        case when kind = 'repository_permission' then {{ text_match('external_id', '^([^/]+)/') }} else 'organization' end as object_id,
        case coalesce({{ text_match('external_id', '/(.+)$') }}, external_id)
            when 'read' then 1
            when 'triage' then 2
            when 'write' then 3
            when 'maintain' then 4
            when 'admin' then 5
            when 'member' then 0
            else 6
        end as permission_rank
    from {{ ref('int_account_entitlements') }}
    where system = 'github'

),

snapshots as (

    select * from {{ ref('int_entitlement_snapshots') }}

),

appeared as (

    select
        holdings.*,
        snapshots.collected_at as first_seen_at,
        snapshots.previous_at,
        snapshots.resource,
        snapshots.collection_id
    from holdings
    inner join snapshots
        on snapshots.instance = holdings.instance and snapshots.kind = holdings.kind and snapshots.collected_at = holdings.valid_from
    where snapshots.previous_at is not null and holdings.permission_rank > 0

),

held_before as (

    select distinct
        appeared.account_key,
        appeared.kind,
        appeared.external_id,
        appeared.first_seen_at
    from appeared
    inner join holdings
        on
            holdings.account_key = appeared.account_key
            and holdings.kind = appeared.kind
            and holdings.object_id = appeared.object_id
            and holdings.valid_from <= appeared.previous_at
            and holdings.last_seen_at >= appeared.previous_at
            and (holdings.external_id = appeared.external_id or (holdings.permission_rank >= appeared.permission_rank and appeared.permission_rank < 6))

),

by_ownership as (

    select distinct
        appeared.account_key,
        appeared.kind,
        appeared.external_id,
        appeared.first_seen_at
    from appeared
    inner join holdings
        on
            holdings.account_key = appeared.account_key
            and holdings.kind = 'organization_role'
            and holdings.external_id = 'admin'
            and holdings.valid_from <= appeared.first_seen_at
            and holdings.last_seen_at >= appeared.first_seen_at
    where appeared.kind = 'repository_permission' and appeared.permission_rank = 5

),

final as (

    select
        concat(
            appeared.instance, ':', appeared.object_id, '/', substr(appeared.account_key, length(appeared.instance) + 2), '/',
            {{ instant_to_text('appeared.first_seen_at') }}
        ) as movement_key,
        appeared.system,
        appeared.instance,
        appeared.account_key,
        appeared.kind,
        appeared.external_id,
        appeared.object_id,
        appeared.first_seen_at,
        appeared.previous_at,
        appeared.last_seen_at,
        appeared.valid_to as gone_at,
        appeared.resource,
        appeared.collection_id
    from appeared
    left join held_before
        on
            held_before.account_key = appeared.account_key
            and held_before.kind = appeared.kind
            and held_before.external_id = appeared.external_id
            and held_before.first_seen_at = appeared.first_seen_at
    left join by_ownership
        on
            by_ownership.account_key = appeared.account_key
            and by_ownership.kind = appeared.kind
            and by_ownership.external_id = appeared.external_id
            and by_ownership.first_seen_at = appeared.first_seen_at
    where held_before.account_key is null and by_ownership.account_key is null

)

select * from final
