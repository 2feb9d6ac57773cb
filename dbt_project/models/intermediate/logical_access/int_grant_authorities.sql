-- Who could approve a grant, as of an instant: the beneficiary's manager, the owner of the entitlement or of the system, and the delegates of
-- those. A person whose first manager is only recorded from the first day has that manager before it too. A line of a register holds while the
-- register showed it; before it was first collected (known_from) nobody can tell, but for the register's first snapshot.
with grants as (

    select * from {{ ref('int_access_grants') }}

),

entitlements as (

    select * from {{ ref('int_grant_entitlements') }}

),

managers as (

    select
        *,
        row_number() over (partition by person_id order by valid_from) = 1 as is_first
    from {{ ref('int_person_managers') }}

),

starts as (

    select
        instance,
        resource,
        min(collected_at) as first_at
    from {{ ref('stg_ledger__collections') }}
    where kind = 'committed' and source = 'registers' and permission not in ('denied', 'not_available')
    group by instance, resource

),

registered_entitlements as (

    select
        lines.*,
        case when lines.seen_from > starts.first_at then lines.seen_from end as known_from
    from {{ ref('stg_registers__entitlements_intervals') }} as lines
    inner join starts
        on starts.instance = lines.instance and starts.resource = 'entitlements'

),

systems as (

    select
        lines.*,
        case when lines.seen_from > starts.first_at then lines.seen_from end as known_from
    from {{ ref('stg_registers__systems_intervals') }} as lines
    inner join starts
        on starts.instance = lines.instance and starts.resource = 'systems'
    where lines.owner_worker_id is not null

),

delegations as (

    select
        lines.worker_id,
        lines.delegate_worker_id,
        {{ start_of_day('lines.valid_from', 'engagement.zone') }} as valid_from,
        least({{ end_of_day('lines.valid_to', 'engagement.zone') }}, lines.gone_at) as valid_to,
        case when lines.seen_from > starts.first_at then lines.seen_from end as known_from
    from {{ ref('stg_registers__delegations_intervals') }} as lines
    inner join starts
        on starts.instance = lines.instance and starts.resource = 'delegations'
    cross join {{ ref('int_engagement') }} as engagement
    where lines.scope is null or lower(lines.scope) like '%access%' or lower(lines.scope) like 'all%'

),

engagement as (

    select * from {{ ref('int_engagement') }}

),

principals as (

    select
        grants.item_key,
        managers.manager_person_id as person_id,
        'manager' as authority,
        case when managers.is_first then {{ null_instant() }} else managers.valid_from end as valid_from,
        managers.valid_to,
        {{ null_instant() }} as known_from
    from grants
    inner join managers
        on managers.person_id = grants.person_id
    union all
    select
        grants.item_key,
        registered_entitlements.owner_worker_id,
        'owner of the entitlement',
        {{ start_of_day('registered_entitlements.valid_from', 'engagement.zone') }},
        least({{ end_of_day('registered_entitlements.valid_to', 'engagement.zone') }}, registered_entitlements.gone_at),
        registered_entitlements.known_from
    from grants
    cross join engagement
    inner join entitlements
        on entitlements.item_key = grants.item_key
    inner join registered_entitlements
        on
            registered_entitlements.system = grants.system
            and registered_entitlements.system_instance = grants.instance
            and registered_entitlements.kind = entitlements.kind
            and registered_entitlements.external_id = entitlements.external_id
    union all
    select
        grants.item_key,
        systems.owner_worker_id,
        'owner of the system',
        {{ null_instant() }},
        systems.gone_at,
        systems.known_from
    from grants
    inner join systems
        on systems.system = grants.system and systems.system_instance = grants.instance

),

delegates as (

    select
        principals.item_key,
        delegations.delegate_worker_id as person_id,
        concat('delegate of the ', principals.authority) as authority,
        greatest(principals.valid_from, delegations.valid_from) as valid_from,
        least(principals.valid_to, delegations.valid_to) as valid_to,
        greatest(principals.known_from, delegations.known_from) as known_from
    from principals
    inner join delegations
        on delegations.worker_id = principals.person_id

),

final as (

    select * from principals
    union all
    select * from delegates

)

select * from final
