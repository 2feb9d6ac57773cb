-- Every e-mail that the HRIS or the contractor register ever showed for a person, in lower case.
with employees as (

    select * from {{ ref('stg_bamboohr__employees_intervals') }}

),

workers as (

    select * from {{ ref('stg_hris_csv__workers') }}

),

contractors as (

    select * from {{ ref('stg_registers__contractors') }}
    where gone_at is null

),

emails as (

    select
        concat(instance, ':', employee_id) as person_id,
        lower(trim(work_email)) as email
    from employees
    union all
    select
        concat(instance, ':', worker_id),
        lower(trim(work_email))
    from workers
    union all
    select
        concat('registers:contractor/', contractor_id),
        lower(trim(email))
    from contractors

),

final as (

    select distinct
        person_id,
        email
    from emails
    where email like '%@%'

)

select * from final
