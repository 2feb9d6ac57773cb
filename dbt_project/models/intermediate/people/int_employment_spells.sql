-- One row per person and employment spell or contract. A termination that was cancelled or that the HRIS contradicts itself on
-- ends nothing: the spell stays open, and says so.
with people as (

    select * from {{ ref('int_people') }}

),

last_snapshots as (

    select
        instance,
        max(collected_at) as last_snapshot_at
    from {{ ref('stg_ledger__collections') }}
    where kind = 'committed' and source in ('bamboohr', 'hris_csv') and resource in ('employees', 'workers')
    group by instance

),

-- The last time that what tells of a spell was collected: after it nobody knows whether the spell went on.
observations as (

    select
        collection_id,
        max(collected_at) over (partition by source, instance, resource) as observed_until
    from {{ ref('stg_ledger__collections') }}
    where kind = 'committed' and permission not in ('denied', 'not_available')

),

employees as (

    select * from {{ ref('stg_bamboohr__employees') }}

),

last_sightings as (

    select
        instance,
        employee_id,
        max(seen_to) as last_seen_at
    from {{ ref('stg_bamboohr__employees_intervals') }}
    group by instance, employee_id

),

bamboohr_spells as (

    select * from {{ ref('int_bamboohr_spells') }}

),

bamboohr_terminations as (

    select * from {{ ref('int_bamboohr_terminations') }}

),

bamboohr_ends as (

    select
        spells.instance,
        spells.employee_id,
        spells.hired_on,
        spells.termination_type,
        spells.is_rescinded,
        spells.is_last,
        spells.terminated_on,
        case when not spells.is_rescinded then spells.terminated_on end as ends_on,
        employees.terminated_on as stated_end_on,
        case when spells.is_last and employees.terminated_on >= spells.hired_on then employees.terminated_on end as directory_ends_on,
        coalesce(lower(employees.status) like '%inactive%', false) as is_inactive,
        coalesce(lower(employees.employment_history_status) like '%terminated%', false) as is_history_terminated,
        employees.status,
        employees.employment_history_status,
        employees.gone_at,
        last_sightings.last_seen_at,
        {{ local_date('last_snapshots.last_snapshot_at', 'people.zone') }} as last_snapshot_on,
        employees.collection_id,
        employees.record_key
    from bamboohr_spells as spells
    inner join employees
        on employees.instance = spells.instance and employees.employee_id = spells.employee_id
    inner join people on people.person_id = concat(spells.instance, ':', spells.employee_id)
    left join last_snapshots on last_snapshots.instance = spells.instance
    left join last_sightings
        on last_sightings.instance = spells.instance and last_sightings.employee_id = spells.employee_id

),

-- A termination that only the directory dates is on record all the same.
bamboohr_dated as (

    select
        *,
        coalesce(
            terminated_on, case when is_inactive or directory_ends_on < last_snapshot_on then directory_ends_on end
        ) as recorded_end_on
    from bamboohr_ends

),

bamboohr as (

    select
        concat(spells.instance, ':', spells.employee_id) as person_id,
        spells.hired_on,
        spells.recorded_end_on as terminated_on,
        terminations.termination_instant,
        {{ is_involuntary('spells.termination_type') }} as is_involuntary,
        spells.is_rescinded,
        terminations.recorded_at,
        'termination' as ended_by,
        case
            when not spells.is_last then null
            when
                (spells.is_inactive and (spells.ends_on is null or not spells.is_history_terminated))
                or (spells.is_inactive and spells.stated_end_on <> spells.ends_on)
                or (
                    not spells.is_inactive
                    and (
                        spells.is_history_terminated
                        or spells.ends_on < spells.last_snapshot_on
                        or spells.directory_ends_on < spells.last_snapshot_on
                    )
                )
                then concat(
                    'status ', coalesce(spells.status, 'empty'),
                    ', employment history ', coalesce(spells.employment_history_status, 'empty'),
                    ', termination date ', coalesce(cast(spells.stated_end_on as string), 'none'),
                    ', in the status table ', coalesce(cast(spells.ends_on as string), 'none')
                )
            when spells.gone_at is not null and spells.ends_on is null then 'no longer in the directory, without a termination'
        end as contradiction,
        case when spells.gone_at is not null and spells.recorded_end_on is null then spells.last_seen_at end as vanished_at,
        spells.collection_id,
        spells.record_key
    from bamboohr_dated as spells
    left join bamboohr_terminations as terminations
        on
            terminations.instance = spells.instance
            and terminations.employee_id = spells.employee_id
            and terminations.terminated_on = spells.recorded_end_on

),

workers as (

    select
        concat(workers.instance, ':', workers.worker_id) as person_id,
        workers.hired_on,
        workers.terminated_on,
        workers.terminated_at as termination_instant,
        {{ is_involuntary('workers.termination_type') }} as is_involuntary,
        coalesce(lower(workers.status) = 'rescinded', false) as is_rescinded,
        workers.recorded_at,
        'termination' as ended_by,
        case
            when lower(workers.status) = 'terminated' and workers.terminated_on is null then 'status terminated without a date'
            when
                lower(workers.status) = 'active'
                and workers.terminated_on < {{ local_date('last_snapshots.last_snapshot_at', 'people.zone') }}
                then concat('status active, terminated on ', cast(workers.terminated_on as string))
        end as contradiction,
        {{ null_instant() }} as vanished_at,
        workers.collection_id,
        workers.record_key
    from {{ ref('stg_hris_csv__workers') }} as workers
    inner join people on people.person_id = concat(workers.instance, ':', workers.worker_id)
    left join last_snapshots on last_snapshots.instance = workers.instance
    -- a spell whose first day was corrected disappears with its old key
    where workers.gone_at is null

),

contractors as (

    select
        person_id,
        hired_on,
        terminated_on,
        termination_instant,
        false as is_involuntary,
        false as is_rescinded,
        recorded_at,
        ended_by,
        contradiction,
        {{ null_instant() }} as vanished_at,
        collection_id,
        record_key
    from {{ ref('int_contract_spells') }}

),

spells as (

    select * from bamboohr
    union all
    select * from workers
    union all
    select * from contractors

),

dated as (

    select
        spells.*,
        people.zone,
        observations.observed_until,
        spells.contradiction is not null as is_contradictory,
        case
            when not spells.is_rescinded and spells.contradiction is null
                then coalesce(spells.termination_instant, {{ end_of_day('spells.terminated_on', 'people.zone') }})
        end as terminated_at
    from spells
    inner join people on people.person_id = spells.person_id
    left join observations on observations.collection_id = spells.collection_id

),

final as (

    select
        person_id,
        concat(person_id, '/', {{ date_to_text('hired_on') }}) as spell_key,
        hired_on,
        terminated_on,
        terminated_at,
        termination_instant,
        is_involuntary,
        is_rescinded,
        is_contradictory,
        contradiction,
        ended_by,
        recorded_at,
        {{ start_of_day('hired_on', 'zone') }} as active_from,
        terminated_at as active_to,
        -- of a contradictory spell: nobody can say from here on
        case
            when is_contradictory then coalesce(vanished_at, {{ end_of_day('terminated_on', 'zone') }}, {{ start_of_day('hired_on', 'zone') }})
        end as contested_from,
        observed_until,
        zone,
        collection_id,
        record_key
    from dated

)

select * from final
