-- The identity provider's log as movements: who was given or lost what, when, by whom, and whether a rule did it.
with events as (

    select * from {{ ref('stg_okta__system_log') }}
    where outcome = 'SUCCESS'

),

targets as (

    select * from {{ ref('stg_okta__system_log_targets') }}

),

causes as (

    select * from {{ ref('int_grant_event_causes') }}

),

users as (

    select
        instance,
        event_id,
        max(target_id) as user_id
    from targets
    where target_type = 'User'
    group by instance, event_id

),

objects as (

    select
        instance,
        event_id,
        target_type,
        target_id
    from targets
    where upper(target_type) in ('USERGROUP', 'APPINSTANCE', 'ROLE')

),

-- Of an account's life: created is a grant; activated or reactivated is one when the account had been off, or its creation is older than the log.
life as (

    select
        events.instance,
        events.event_id,
        users.user_id,
        events.event_type,
        lag(events.event_type) over (
            partition by events.instance, users.user_id
            order by events.occurred_at, case events.event_type when 'user.lifecycle.create' then 0 else 1 end, events.event_id
        ) as previous_type
    from events
    inner join users
        on users.instance = events.instance and users.event_id = events.event_id
    where events.event_type in ('user.lifecycle.create', 'user.lifecycle.activate', 'user.lifecycle.reactivate', 'user.lifecycle.deactivate')

),

movements as (

    select
        events.instance,
        events.event_id,
        users.user_id,
        case
            when events.event_type like 'group.%' then 'group'
            when events.event_type like 'application.%' then 'app'
            else 'role'
        end as kind,
        coalesce(objects.target_id, causes.privilege) as external_id,
        coalesce(objects.target_id, users.user_id) as target_id,
        case when events.event_type like '%.add' or events.event_type like '%.grant' then 'given' else 'taken' end as direction
    from events
    inner join users
        on users.instance = events.instance and users.event_id = events.event_id
    left join objects
        on objects.instance = events.instance and objects.event_id = events.event_id
    left join causes
        on causes.instance = events.instance and causes.event_id = events.event_id
    where
        events.event_type in (
            'group.user_membership.add',
            'group.user_membership.remove',
            'application.user_membership.add',
            'application.user_membership.remove',
            'user.account.privilege.grant',
            'user.account.privilege.revoke'
        )
    union all
    select
        instance,
        event_id,
        user_id,
        'account',
        user_id,
        user_id,
        case when event_type = 'user.lifecycle.deactivate' then 'taken' else 'given' end
    from life
    where
        event_type in ('user.lifecycle.create', 'user.lifecycle.deactivate')
        or previous_type is null
        or previous_type = 'user.lifecycle.deactivate'

),

final as (

    select
        concat(movements.instance, ':', movements.event_id, '/', movements.target_id) as movement_key,
        'okta' as system,
        movements.instance,
        concat(movements.instance, ':', movements.user_id) as account_key,
        movements.kind,
        movements.external_id,
        movements.direction,
        events.occurred_at,
        events.event_type,
        events.actor_id,
        events.actor_type,
        events.actor_name,
        causes.group_rule_id,
        events.record_key,
        events.collection_id,
        events.collected_at,
        events.payload_sha256
    from movements
    inner join events
        on events.instance = movements.instance and events.event_id = movements.event_id
    left join causes
        on causes.instance = movements.instance and causes.event_id = movements.event_id

)

select * from final
