-- What the directory ever said of a termination date: when it was entered, and the instant, where HR gives one.
with employees as (

    select
        *,
        row_number() over (
            partition by instance, employee_id order by seen_to nulls last, seen_from nulls last, payload_sha256 nulls last
        ) as position
    from {{ ref('stg_bamboohr__employees_intervals') }}

),

final as (

    select
        instance,
        employee_id,
        terminated_on,
        {{ max_by('termination_instant', 'position') }} as termination_instant,
        {{ max_by('termination_recorded_at', 'position') }} as recorded_at
    from employees
    where terminated_on is not null
    group by instance, employee_id, terminated_on

)

select * from final
