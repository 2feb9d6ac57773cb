-- Who could approve a grant, as of an instant: the beneficiary's manager, the owner of the entitlement or of the system, and the delegates of
-- those. A person whose first manager is only recorded from the first day has that manager before it too.
with grants as (

    select * from {{ ref('int_access_grants') }}

),

entitlements as (

    select * from {{ ref('int_grant_entitlements') }}

),

managers as (

    select
        *,
        row_number() over (partition by person_id order by valid_from) = 1 as is_first,
    from {{ ref('int_person_managers') }}

),

registered_entitlements as (

    select * from {{ ref('stg_registers__entitlements') }}
    where gone_at is null

),

systems as (

    select * from {{ ref('int_access_systems') }}

),

delegations as (

    select
        delegations.worker_id,
        delegations.delegate_worker_id,
        {{ start_of_day('delegations.valid_from', 'engagement.zone') }} as valid_from,
        {{ end_of_day('delegations.valid_to', 'engagement.zone') }} as valid_to,
    from {{ ref('stg_registers__delegations') }} as delegations
    cross join {{ ref('int_engagement') }} as engagement
    where
        delegations.gone_at is null
        and (delegations.scope is null or lower(delegations.scope) like '%access%' or lower(delegations.scope) like 'all%')

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
    from grants
    inner join managers
        on managers.person_id = grants.person_id
    union all
    select
        grants.item_key,
        registered_entitlements.owner_worker_id,
        'owner of the entitlement',
        {{ start_of_day('registered_entitlements.valid_from', 'engagement.zone') }},
        {{ end_of_day('registered_entitlements.valid_to', 'engagement.zone') }},
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
        systems.owner_person_id,
        'owner of the system',
        {{ null_instant() }},
        {{ null_instant() }},
    from grants
    inner join systems
        on systems.system = grants.system and systems.instance = grants.instance
    where systems.owner_person_id is not null

),

delegates as (

    select
        principals.item_key,
        delegations.delegate_worker_id as person_id,
        concat('delegate of the ', principals.authority) as authority,
        greatest(principals.valid_from, delegations.valid_from) as valid_from,
        least(principals.valid_to, delegations.valid_to) as valid_to,
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
