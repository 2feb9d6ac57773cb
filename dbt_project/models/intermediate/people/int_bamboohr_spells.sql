-- Employment spells out of BambooHR's employment status table: a spell begins with the first row that is not a termination and
-- ends with the next that is. An employee without rows has the spell of the directory's own dates.
with employees as (

    select * from {{ ref('stg_bamboohr__employees') }}

),

status_rows as (

    select
        *,
        {{ lower_case('employment_status') }} like '%terminated%' as is_termination
    from {{ ref('stg_bamboohr__employment_status') }}
    where effective_on is not null

),

standing as (

    select
        *,
        coalesce(
            lag(is_termination) over (
                partition by instance, employee_id
                order by effective_on asc nulls last, is_termination desc, try_cast(row_id as bigint) asc nulls last, row_id asc nulls last
            ),
            true
        ) as was_terminated
    from status_rows
    where gone_at is null

),

turns as (

    select
        *,
        lead(effective_on) over turn as next_effective_on,
        lead(termination_type) over turn as next_termination_type
    from standing
    where is_termination <> was_terminated
    window turn as (
        partition by instance, employee_id
        order by effective_on asc nulls last, is_termination desc, try_cast(row_id as bigint) asc nulls last, row_id asc nulls last
    )

),

table_spells as (

    select
        instance,
        employee_id,
        effective_on as hired_on,
        next_effective_on as terminated_on,
        next_termination_type as termination_type,
        row_number() over (partition by instance, employee_id order by effective_on desc) = 1 as is_last
    from turns
    where not is_termination

),

directory_spells as (

    select
        employees.instance,
        employees.employee_id,
        coalesce(employees.hired_on, employees.original_hired_on) as hired_on,
        employees.terminated_on,
        cast(null as string) as termination_type,
        true as is_last
    from employees
    left join table_spells
        on table_spells.instance = employees.instance and table_spells.employee_id = employees.employee_id
    where table_spells.employee_id is null and coalesce(employees.hired_on, employees.original_hired_on) is not null

),

spells as (

    select * from table_spells
    union all
    select * from directory_spells

),

withdrawn as (

    select
        instance,
        employee_id,
        effective_on,
        termination_type,
        row_number() over (
            partition by instance, employee_id
            order by effective_on nulls last, gone_at nulls last, try_cast(row_id as bigint) nulls last, row_id nulls last
        ) as position
    from status_rows
    where is_termination and gone_at is not null

),

rescinded as (

    select
        spells.instance,
        spells.employee_id,
        spells.hired_on,
        max(withdrawn.effective_on) as terminated_on,
        {{ max_by('withdrawn.termination_type', 'withdrawn.position') }} as termination_type
    from spells
    inner join withdrawn
        on withdrawn.instance = spells.instance and withdrawn.employee_id = spells.employee_id and withdrawn.effective_on >= spells.hired_on
    where spells.is_last and spells.terminated_on is null
    group by spells.instance, spells.employee_id, spells.hired_on

),

final as (

    select
        spells.instance,
        spells.employee_id,
        spells.hired_on,
        coalesce(spells.terminated_on, rescinded.terminated_on) as terminated_on,
        coalesce(spells.termination_type, rescinded.termination_type) as termination_type,
        rescinded.employee_id is not null as is_rescinded,
        spells.is_last
    from spells
    left join rescinded
        on
            rescinded.instance = spells.instance
            and rescinded.employee_id = spells.employee_id
            and rescinded.hired_on = spells.hired_on

)

select * from final
