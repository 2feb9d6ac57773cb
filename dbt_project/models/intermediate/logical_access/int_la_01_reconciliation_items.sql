-- Both sides of every reconciliation of LA-01, item by item.
with engagement as (

    select * from {{ ref('int_engagement') }}

),

account_lists as (

    select * from {{ ref('int_account_lists') }}

),

users as (

    select * from {{ ref('stg_okta__users_intervals') }}

),

events as (

    select * from {{ ref('stg_okta__system_log_targets') }}
    where target_type = 'User' and outcome = 'SUCCESS'

),

items as (

    select * from {{ ref('la_01__accounts') }}

),

app_users as (

    select * from {{ ref('stg_okta__app_users_intervals') }}

),

apps as (

    select * from {{ ref('stg_okta__apps') }}
    where {{ lower_case('name') }} like 'github%'

),

members as (

    select * from {{ ref('stg_github__members_intervals') }}

),

accounts as (

    select * from {{ ref('int_accounts') }}

),

links as (

    select * from {{ ref('int_account_idp_links') }}

),

systems as (

    select * from {{ ref('int_access_systems') }}

),

resource_coverage as (

    select * from {{ ref('int_resource_coverage') }}

),

totals as (

    select
        'account_list_totals' as reconciliation,
        account_lists.collection_id as item_key,
        true as is_left,
        account_lists.row_count = account_lists.distinct_keys
        and coalesce(account_lists.source_total = account_lists.distinct_keys, true) as is_right
    from account_lists

),

snapshots as (

    select
        account_lists.instance,
        min(case when account_lists.collected_at >= engagement.period_start_at then account_lists.collected_at end) as begin_at,
        max(account_lists.collected_at) as end_at
    from account_lists
    cross join engagement
    where account_lists.source = 'okta'
    group by account_lists.instance

),

standing as (

    select
        users.instance,
        users.user_id,
        max(case when users.seen_from <= snapshots.begin_at and users.seen_to >= snapshots.begin_at and users.status <> 'DEPROVISIONED' then 1 else 0 end) = 1 as was_active,
        max(case when users.seen_to >= snapshots.end_at and users.status <> 'DEPROVISIONED' then 1 else 0 end) = 1 as is_active
    from users
    inner join snapshots
        on snapshots.instance = users.instance
    group by users.instance, users.user_id

),

life as (

    select
        events.instance,
        events.target_id as user_id,
        events.occurred_at,
        events.event_type in ('user.lifecycle.create', 'user.lifecycle.activate', 'user.lifecycle.reactivate') as is_active
    from events
    inner join snapshots
        on snapshots.instance = events.instance and events.occurred_at > snapshots.begin_at and events.occurred_at <= snapshots.end_at
    where
        events.event_type in (
            'user.lifecycle.create',
            'user.lifecycle.activate',
            'user.lifecycle.reactivate',
            'user.lifecycle.deactivate',
            'user.lifecycle.delete.initiated',
            'user.lifecycle.delete.completed'
        )

),

-- Switched off and on at one instant is on, as in int_account_intervals.
ordered_life as (

    select
        *,
        row_number() over (partition by instance, user_id order by occurred_at nulls last, is_active nulls last) as position
    from life

),

movements as (

    select
        instance,
        user_id,
        {{ max_by('is_active', 'position') }} as ends_active
    from ordered_life
    group by instance, user_id

),

-- An account that the last snapshot no longer lists and of whose end no event tells is a difference.
roll_forward as (

    select
        'active_accounts_roll_forward' as reconciliation,
        concat_ws('', coalesce(standing.instance, movements.instance), ':', coalesce(standing.user_id, movements.user_id)) as item_key,
        coalesce(movements.ends_active, standing.was_active, false) as is_left,
        coalesce(standing.is_active, false) as is_right
    from standing
    full outer join movements
        on movements.instance = standing.instance and movements.user_id = standing.user_id

),

assigned as (

    select distinct
        app_users.instance,
        app_users.user_id,
        concat_ws('', app_users.instance, ':', app_users.user_id) as idp_account_key
    from app_users
    inner join apps
        on apps.instance = app_users.instance and apps.app_id = app_users.app_id
    where app_users.gone_at is null

),

present as (

    select distinct concat_ws('', instance, ':', user_id) as account_key
    from members
    where gone_at is null

),

identities as (

    select
        present.account_key,
        idp_accounts.account_key as idp_account_key
    from present
    inner join accounts
        on accounts.account_key = present.account_key
    inner join accounts as idp_accounts
        on idp_accounts.person_id = accounts.person_id and idp_accounts.system = 'okta'
    union
    select
        present.account_key,
        links.idp_account_key
    from present
    inner join links
        on links.account_key = present.account_key

),

assigned_members as (

    select
        'idp_assignments_to_members' as reconciliation,
        assigned.idp_account_key as item_key,
        true as is_left,
        count(identities.account_key) > 0 as is_right
    from assigned
    left join identities
        on identities.idp_account_key = assigned.idp_account_key
    group by assigned.idp_account_key

),

-- A member without an assignment is accounted for when the population says so of the account: outside the provider, or nobody's.
members_assigned as (

    select
        'members_to_idp_assignments' as reconciliation,
        present.account_key as item_key,
        true as is_left,
        count(assigned.idp_account_key) > 0 or coalesce(bool_or(items.local_bypass or items.orphan or items.account_kind = 'bot'), false) as is_right
    from present
    left join identities
        on identities.account_key = present.account_key
    left join assigned
        on assigned.idp_account_key = identities.idp_account_key
    left join items
        on items.account_key = present.account_key
    group by present.account_key

),

resource_months as (

    select distinct
        interval_start,
        interval_end
    from resource_coverage

),

system_months as (

    select
        'systems_in_scope' as reconciliation,
        concat_ws('', systems.instance, '/', {{ date_to_text(local_date('resource_months.interval_start', 'engagement.zone')) }}) as item_key,
        systems.is_registered as is_left,
        systems.is_connected and coalesce(bool_and(resource_coverage.is_covered), false) as is_right
    from systems
    cross join engagement
    cross join resource_months
    left join resource_coverage
        on
            resource_coverage.instance = systems.instance
            and resource_coverage.interval_start = resource_months.interval_start
            and (
                (resource_coverage.source in ('okta', 'jira') and resource_coverage.resource = 'users')
                or (resource_coverage.source = 'github' and resource_coverage.resource in ('members', 'outside_collaborators'))
            )
    where
        (systems.in_scope_from is null or {{ start_of_day('systems.in_scope_from', 'engagement.zone') }} < resource_months.interval_end)
        and (systems.in_scope_to is null or {{ end_of_day('systems.in_scope_to', 'engagement.zone') }} > resource_months.interval_start)
    group by systems.instance, systems.is_registered, systems.is_connected, resource_months.interval_start, engagement.zone

),

final as (

    select * from totals
    union all
    select * from roll_forward
    where is_left or is_right
    union all
    select * from assigned_members
    union all
    select * from members_assigned
    union all
    select * from system_months

)

select * from final
