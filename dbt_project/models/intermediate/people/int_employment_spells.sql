-- One row per person and employment spell or contract. A termination that was cancelled or that the HRIS contradicts itself on
-- ends nothing: the spell stays open, and says so.
with people as (

    select * from {{ ref('int_people') }}

),

last_snapshots as (

    select
        instance,
        max(collected_at) as last_snapshot_at,
    from {{ ref('stg_ledger__collections') }}
    where kind = 'committed' and source in ('bamboohr', 'hris_csv') and resource in ('employees', 'workers')
    group by instance

),

employees as (

    select * from {{ ref('stg_bamboohr__employees') }}

),

bamboohr_spells as (

    select * from {{ ref('int_bamboohr_spells') }}

),

bamboohr_terminations as (

    select * from {{ ref('int_bamboohr_terminations') }}

),

bamboohr as (

    select
        concat(spells.instance, ':', spells.employee_id) as person_id,
        spells.hired_on,
        spells.terminated_on,
        terminations.termination_instant,
        case
            when spells.termination_type is not null then lower(spells.termination_type) like '%involuntary%'
        end as is_involuntary,
        spells.is_rescinded,
        terminations.recorded_at,
        'termination' as ended_by,
        case
            when not spells.is_last then null
            when directory.is_inactive and (directory.ends_on is null or not directory.is_history_terminated) then directory.fields
            when directory.is_inactive and employees.terminated_on <> directory.ends_on then directory.fields
            when
                not directory.is_inactive
                and (
                    directory.is_history_terminated
                    or directory.ends_on < {{ local_date('last_snapshots.last_snapshot_at', 'people.zone') }}
                    or (
                        employees.terminated_on >= spells.hired_on
                        and employees.terminated_on < {{ local_date('last_snapshots.last_snapshot_at', 'people.zone') }}
                    )
                )
                then directory.fields
        end as contradiction,
        employees.collection_id,
        employees.record_key,
    from bamboohr_spells as spells
    inner join employees
        on employees.instance = spells.instance and employees.employee_id = spells.employee_id
    inner join people on people.person_id = concat(spells.instance, ':', spells.employee_id)
    left join bamboohr_terminations as terminations
        on
            terminations.instance = spells.instance
            and terminations.employee_id = spells.employee_id
            and terminations.terminated_on = spells.terminated_on
    left join last_snapshots on last_snapshots.instance = spells.instance
    cross join lateral (
        select
            coalesce(lower(employees.status) like '%inactive%', false) as is_inactive,
            coalesce(lower(employees.employment_history_status) like '%terminated%', false) as is_history_terminated,
            case when not spells.is_rescinded then spells.terminated_on end as ends_on,
            concat(
                'status ', coalesce(employees.status, 'empty'),
                ', employment history ', coalesce(employees.employment_history_status, 'empty'),
                ', termination date ', coalesce(cast(employees.terminated_on as string), 'none'),
                ', in the status table ', coalesce(cast(case when not spells.is_rescinded then spells.terminated_on end as string), 'none')
            ) as fields
    ) as directory

),

workers as (

    select
        concat(workers.instance, ':', workers.worker_id) as person_id,
        workers.hired_on,
        workers.terminated_on,
        workers.terminated_at as termination_instant,
        case when workers.termination_type is not null then lower(workers.termination_type) = 'involuntary' end as is_involuntary,
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
        workers.collection_id,
        workers.record_key,
    from {{ ref('stg_hris_csv__workers') }} as workers
    inner join people on people.person_id = concat(workers.instance, ':', workers.worker_id)
    left join last_snapshots on last_snapshots.instance = workers.instance
    -- a spell whose first day was corrected disappears with its old key
    where workers.gone_at is null

),

contractors as (

    select
        concat('registers:contractor/', contractors.contractor_id) as person_id,
        contractors.contract_start as hired_on,
        coalesce(
            {{ local_date('contractors.terminated_at', 'people.zone') }},
            contractors.terminated_on,
            contractors.extended_to,
            contractors.contract_end
        ) as terminated_on,
        contractors.terminated_at as termination_instant,
        false as is_involuntary,
        false as is_rescinded,
        contractors.recorded_at,
        case when contractors.terminated_on is null then 'contract_end' else 'termination' end as ended_by,
        cast(null as string) as contradiction,
        contractors.collection_id,
        contractors.record_key,
    from {{ ref('stg_registers__contractors') }} as contractors
    inner join people on people.person_id = concat('registers:contractor/', contractors.contractor_id)
    where contractors.gone_at is null

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
        spells.contradiction is not null as is_contradictory,
        case
            when not spells.is_rescinded and spells.contradiction is null
                then coalesce(spells.termination_instant, {{ end_of_day('spells.terminated_on', 'people.zone') }})
        end as terminated_at,
    from spells
    inner join people on people.person_id = spells.person_id

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
        case when is_contradictory then coalesce({{ end_of_day('terminated_on', 'zone') }}, {{ start_of_day('hired_on', 'zone') }}) end as contested_from,
        zone,
        collection_id,
        record_key,
    from dated

)

select * from final
