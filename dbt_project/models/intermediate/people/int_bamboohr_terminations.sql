-- What the directory ever said of a termination date: when it was entered, and the instant, where HR gives one.
with employees as (

    select * from {{ ref('stg_bamboohr__employees_intervals') }}

),

final as (

    select
        instance,
        employee_id,
        terminated_on,
        max_by(termination_instant, seen_to) as termination_instant,
        max_by(termination_recorded_at, seen_to) as recorded_at
    from employees
    where terminated_on is not null
    group by instance, employee_id, terminated_on

)

select * from final
