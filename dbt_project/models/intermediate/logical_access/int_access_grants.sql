-- The population of LA-03: grants of the identity provider's log; of systems without a log, the accounts and permissions that appeared between
-- two snapshots.
with events as (

    select * from {{ ref('int_entitlement_events') }}
    where direction = 'given'

),

changes as (

    select
        movement_key,
        system,
        instance,
        account_key,
        kind,
        external_id,
        previous_at,
        first_seen_at
    from {{ ref('int_permission_changes') }}
    union all
    select
        movement_key,
        system,
        instance,
        account_key,
        kind,
        external_id,
        previous_at,
        first_seen_at
    from {{ ref('int_account_appearances') }}

),

accounts as (

    select * from {{ ref('int_accounts') }}

),

systems as (

    select * from {{ ref('int_access_systems') }}

),

registrations as (

    select
        account_key,
        max(kind) as kind,
        max(owner_person_id) as owner_person_id
    from {{ ref('int_account_registrations') }}
    group by account_key

),

entitlements as (

    select
        system,
        system_instance,
        kind,
        external_id,
        max(name) as name,
        bool_or(is_privileged) as is_privileged
    from {{ ref('stg_registers__entitlements') }}
    where gone_at is null
    group by system, system_instance, kind, external_id

),

engagement as (

    select * from {{ ref('int_engagement') }}

),

-- What is first seen just after the period may have been granted in it: it belongs to the population, with the instant before which it was not there.
movements as (

    select
        movement_key,
        system,
        instance,
        account_key,
        kind,
        external_id,
        occurred_at as granted_from,
        occurred_at as granted_by_at,
        occurred_at,
        case
            when group_rule_id is not null then 'group rule'
            when actor_type = 'User' then 'person'
            when kind = 'account' then 'provisioning'
            else 'automation'
        end as mechanism,
        group_rule_id,
        actor_id,
        actor_name,
        'event' as time_evidence
    from events
    union all
    select
        changes.movement_key,
        changes.system,
        changes.instance,
        changes.account_key,
        changes.kind,
        changes.external_id,
        changes.previous_at,
        changes.first_seen_at,
        case when changes.first_seen_at >= engagement.period_end_at then changes.previous_at else changes.first_seen_at end,
        'unknown',
        cast(null as string),
        cast(null as string),
        cast(null as string),
        'snapshot'
    from changes
    cross join engagement

),

final as (

    select
        movements.movement_key as item_key,
        movements.system,
        movements.instance,
        movements.account_key,
        accounts.account_id,
        accounts.login,
        coalesce(registrations.kind, accounts.account_kind) as account_kind,
        accounts.resolution,
        coalesce(accounts.person_id, registrations.owner_person_id, accounts.owner_person_id) as person_id,
        movements.kind,
        movements.external_id,
        entitlements.name as entitlement,
        coalesce(
            entitlements.is_privileged,
            (movements.system = 'okta' and movements.kind = 'role')
            or (movements.system = 'github' and (movements.external_id = 'admin' or movements.external_id like '%/admin'))
        ) as is_privileged,
        movements.granted_from,
        movements.granted_by_at,
        movements.occurred_at,
        {{ local_date('movements.occurred_at', 'engagement.zone') }} as occurred_on,
        movements.time_evidence,
        -- no rule about workers makes an account that is nobody's in particular
        case
            when movements.mechanism = 'provisioning' and coalesce(registrations.kind, accounts.account_kind) not in ('human', 'guest') then 'automation'
            else movements.mechanism
        end as mechanism,
        movements.group_rule_id,
        movements.actor_id,
        movements.actor_name,
        actors.person_id as actor_person_id
    from movements
    cross join engagement
    inner join systems
        on systems.system = movements.system and systems.instance = movements.instance
    left join accounts
        on accounts.account_key = movements.account_key
    left join registrations
        on registrations.account_key = movements.account_key
    left join accounts as actors
        on actors.instance = movements.instance and actors.account_id = movements.actor_id
    left join entitlements
        on
            entitlements.system = movements.system
            and entitlements.system_instance = movements.instance
            and entitlements.kind = movements.kind
            and entitlements.external_id = movements.external_id
    where movements.occurred_at >= engagement.period_start_at and movements.occurred_at < engagement.period_end_at

)

select * from final
