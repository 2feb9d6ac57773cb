-- One row per account: whose it is, how that is known, what kind it is and whether it was privileged at any time from the
-- period's start to the evidence cutoff. An account that was ambiguous at any time, or one person's after another's, is nobody's here;
-- int_account_people says whose it was when.
with accounts as (

    select * from {{ ref('int_accounts_listed') }}

),

engagement as (

    select * from {{ ref('int_engagement') }}

),

people as (

    select
        account_key,
        count(distinct person_id) as people,
        bool_or(resolution = 'ambiguous') as is_ambiguous,
        max(person_id) as person_id,
        min(case when person_id is not null then resolution end) as resolution
    from {{ ref('int_account_people') }}
    group by account_key

),

resolved as (

    select
        accounts.*,
        case
            when people.is_ambiguous or people.people > 1 then 'ambiguous'
            else coalesce(people.resolution, 'none')
        end as resolution,
        case when not people.is_ambiguous and people.people = 1 then people.person_id end as person_id
    from accounts
    left join people on people.account_key = accounts.account_key

),

registrations as (

    select registered.*
    from {{ ref('stg_registers__service_accounts') }} as registered
    cross join engagement
    where
        registered.gone_at is null
        and (registered.valid_to is null or {{ end_of_day('registered.valid_to', 'engagement.zone') }} > engagement.period_start_at)
    qualify row_number() over (partition by system, system_instance, account_id order by registered_on desc) = 1

),

sponsors as (

    select
        concat('registers:contractor/', contractor_id) as person_id,
        sponsor_worker_id
    from {{ ref('stg_registers__contractors') }}
    where gone_at is null
    qualify row_number() over (partition by contractor_id order by contract_start desc) = 1

),

systems as (

    select
        systems.system,
        systems.system_instance,
        role.item as role_name
    from {{ ref('stg_registers__systems') }} as systems
    {{ text_items('systems.privileged_roles', ';', 'role') }}
    where systems.gone_at is null

),

entitlements as (

    select * from {{ ref('stg_registers__entitlements') }}
    where is_privileged and gone_at is null

),

privileged as (

    select distinct holdings.account_key
    from {{ ref('int_account_entitlements') }} as holdings
    cross join engagement
    left join entitlements
        on
            entitlements.system = holdings.system
            and entitlements.system_instance = holdings.instance
            and entitlements.kind = holdings.kind
            and entitlements.external_id = holdings.external_id
    left join systems
        on
            systems.system = holdings.system
            and systems.system_instance = holdings.instance
            and holdings.kind in ('role', 'organization_role', 'repository_permission')
            and (systems.role_name = holdings.external_id or holdings.external_id like concat('%/', systems.role_name))
    where
        holdings.valid_from < engagement.evidence_cutoff_at
        and (holdings.valid_to is null or holdings.valid_to > engagement.period_start_at)
        and (
            entitlements.external_id is not null
            or systems.role_name is not null
            or (holdings.system = 'okta' and holdings.kind = 'role')
            or (holdings.system = 'github' and holdings.kind = 'organization_role' and holdings.external_id = 'admin')
        )

),

final as (

    select
        resolved.account_key,
        resolved.system,
        resolved.instance,
        resolved.account_id,
        resolved.login,
        resolved.email,
        resolved.person_id,
        resolved.resolution,
        coalesce(registrations.kind, resolved.native_kind) as account_kind,
        resolved.native_kind,
        coalesce(
            registrations.owner_worker_id,
            case when resolved.native_kind = 'guest' then sponsors.sponsor_worker_id end
        ) as owner_person_id,
        privileged.account_key is not null as is_privileged,
        resolved.created_at,
        resolved.first_seen_at,
        registrations.registered_on,
        registrations.valid_to as registered_to
    from resolved
    left join registrations
        on
            registrations.system = resolved.system
            and registrations.system_instance = resolved.instance
            and registrations.account_id = resolved.account_id
    left join sponsors
        on sponsors.person_id = resolved.person_id
    left join privileged on privileged.account_key = resolved.account_key

)

select * from final
